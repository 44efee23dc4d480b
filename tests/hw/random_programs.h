// Random programs for a few cores that share locks, lines and page tables and send each other interrupts: what a kernel does to
// a machine, without a kernel. Every choice comes from the seed and from what the core has seen, so that two runs differ only
// if the machine lets the order in which the host ran the cores show.
//
// Page-table entries are toggled under a lock and without ordering points, while other cores walk them and set A and D.
#pragma once

#include "hw/base/rng.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {

struct RandomProgramParams {
    std::uint64_t seed = 1;
    std::uint32_t steps = 150;        // per active core
    std::uint32_t passive_cores = 1;  // the last ones: they touch nothing shared until an interrupt comes
};

class RandomPrograms {
  public:
    RandomPrograms(const MachineParams& machine, const RandomProgramParams& params)
        : params_{params}, active_{static_cast<std::uint32_t>(machine.cores) - params.passive_cores}, test_{machine} {
        for (std::uint64_t page = 0; page < kSharedPages; ++page)
            entries_.push_back(test_.map(shared(page), Pfn{0x1000 + page}, page % 2 == 0 ? kUsedLeaf : kCleanLeaf));
        for (std::uint32_t cpu = 0; cpu < machine.cores; ++cpu) {
            cores_.push_back(std::make_unique<CoreState>(params.seed, cpu, machine.cores));
            const bool passive = cpu >= active_;
            test_.program(cpu).body = [this, passive](Core& core) { passive ? run_passive(core) : run_active(core); };
            test_.program(cpu).interrupt = [this](Core& core, Vector vector) { on_interrupt(core, vector); };
            test_.program(cpu).notice = [this](Core& core, const Message&) { state(core).stop = true; };
            test_.map(own(cpu), Pfn{0x2000 + cpu}, kUsedLeaf);
            // The passive cores' promise covers setting A and D, too.
            if (passive) test_.core(cpu).timeline().set_conduct(Timeline::Conduct::passive);
        }
    }

    // Runs to the end; returns everything that can be seen.
    std::string run() {
        test_.run();
        std::string text = fingerprint(test_);
        for (const auto& core : cores_) text += "digest " + std::to_string(core->digest) + "\n";
        for (PhysAddr entry : entries_) text += "entry " + std::to_string(test_.memory().load(entry).raw()) + "\n";
        return text;
    }

  private:
    static constexpr std::uint64_t kSharedPages = 6;
    static constexpr std::uint32_t kLocks = 2;
    static constexpr std::uint32_t kFirstVector = 32;  // vector = kFirstVector + sender
    inline static constexpr Label kLock{"lock"};
    inline static constexpr Label kFlush{"flush"};

    struct CoreState {
        CoreState(std::uint64_t seed, std::uint32_t cpu, std::uint64_t cores)
            : rng{seed, "core" + std::to_string(cpu)}, sent(cores, 0), handled(cores, 0) {}
        void see(std::uint64_t value) { digest = (digest ^ value) * 0x100000001b3U; }
        Rng rng;
        std::vector<std::uint64_t> sent;     // flush requests, by target
        std::vector<std::uint64_t> handled;  // by sender
        std::uint64_t digest = 0;
        bool stop = false;
    };

    static VirtAddr shared(std::uint64_t page) { return VirtAddr{0x40000000 + page * kPageBytes}; }
    static VirtAddr own(std::uint64_t cpu) { return VirtAddr{0x80000000 + cpu * kPageBytes}; }
    static WordId acknowledged(std::uint64_t from, std::uint64_t to) { return WordId{from << 16 | to}; }
    static WordId finished(std::uint64_t from, std::uint64_t to) { return WordId{std::uint64_t{1} << 32 | from << 16 | to}; }
    CoreState& state(const Core& core) { return *cores_[core.id().index()]; }

    void run_active(Core& core) {
        for (std::uint32_t i = 0; i < params_.steps; ++i) step(core);
        // Until everyone has done its part, interrupts must be answered.
        const std::uint64_t self = core.id().raw();
        for (std::uint64_t other = 0; other < active_; ++other)
            if (other != self) test_.machine().words().post(core.timeline(), finished(self, other), 1);
        for (std::uint64_t other = 0; other < active_; ++other)
            if (other != self) test_.machine().words().wait_until(core.timeline(), finished(other, self), 1);
        if (self == 0) test_.machine().notify_all(core, 0, 0);
    }

    void run_passive(Core& core) {
        while (!state(core).stop) {
            core.timeline().advance(Cycles{state(core).rng.below(40)});
            // The even pages: no toggle takes their A and D away.
            walk(core, shared(state(core).rng.below(kSharedPages / 2) * 2), kRead);
        }
    }

    void step(Core& core) {
        Rng& rng = state(core).rng;
        switch (rng.below(10)) {
            case 0:
            case 1:
                core.timeline().advance(Cycles{rng.below(700)});
                break;
            case 2:
            case 3:
                walk(core, shared(rng.below(kSharedPages)), rng.below(2) == 0 ? kRead : kWrite);
                break;
            case 4:
                core.access(own(core.id().raw()), kWrite);
                break;
            case 5:
            case 6:
                locked_toggle(core);
                break;
            case 7:
                shootdown(core);
                break;
            case 8:
                contended_line(core);
                break;
            default:
                masked(core);
                break;
        }
        state(core).see(core.timeline().now().raw());
    }

    // INVLPG first, so that it really walks.
    void walk(Core& core, VirtAddr va, x86::Access access) {
        core.timeline().advance(core.mmu().unit().invalidate(x86::Invalidation::page(va)));
        const Probe seen = probe(core, va, access);
        core.timeline().advance(seen.latency + Cycles{1});
        state(core).see(seen.faulted ? seen.error_code : seen.address.raw());
    }

    void locked_toggle(Core& core) {
        Rng& rng = state(core).rng;
        const std::uint64_t page = rng.below(kSharedPages);
        const SpinLockId lock{static_cast<std::uint32_t>(page % kLocks)};
        core.timeline().ledger().enter(kLock);
        test_.machine().locks().lock(core.timeline(), lock);
        for (std::uint64_t times = rng.below(3) + 1; times > 0; --times) {
            core.timeline().advance(Cycles{rng.below(300)});
            const x86::Pte before = core.mmu().load(entries_[page]);
            state(core).see(before.raw());
            core.mmu().store(entries_[page], toggled(before, page, rng));
        }
        core.timeline().advance(Cycles{rng.below(100)});
        test_.machine().locks().unlock(core.timeline(), lock);
        core.timeline().ledger().leave();
    }

    static x86::Pte toggled(x86::Pte entry, std::uint64_t page, Rng& rng) {
        if (page % 2 != 0) entry = entry.without(x86::Pte::kAccessed | x86::Pte::kDirty);
        const std::uint64_t bit = rng.below(2) == 0 ? x86::Pte::kPresent : x86::Pte::kWritable;
        return entry.has(bit) ? entry.without(bit) : entry.with(bit);
    }

    void shootdown(Core& core) {
        CoreState& self = state(core);
        const std::uint32_t id = core.id().raw();
        CpuMask targets;
        for (std::uint32_t cpu = 0; cpu < cores_.size(); ++cpu)
            if (cpu != id && self.rng.below(3) != 0) targets.set(CpuId{cpu});
        core.timeline().ledger().enter(kFlush);
        core.apic().send(targets, Vector{static_cast<std::uint8_t>(kFirstVector + id)});
        core.timeline().advance(Cycles{self.rng.below(1200)});
        targets.for_each([&](CpuId target) {
            test_.machine().words().wait_until(core.timeline(), acknowledged(target.raw(), id), ++self.sent[target.index()]);
        });
        core.timeline().ledger().leave();
    }

    void on_interrupt(Core& core, Vector vector) {
        CoreState& self = state(core);
        const std::uint32_t sender = vector.raw() - kFirstVector;
        self.see(core.timeline().now().raw());
        core.timeline().advance(core.mmu().unit().invalidate(self.rng.below(4) == 0 ? x86::Invalidation::all()
                                                                                    : x86::Invalidation::page(shared(sender))));
        walk(core, shared(self.rng.below(kSharedPages)), kRead);
        test_.machine().words().post(core.timeline(), acknowledged(core.id().raw(), sender), ++self.handled[sender]);
    }

    void contended_line(Core& core) {
        core.timeline().order();
        core.timeline().advance(test_.machine().memory().lines().take(core.id(), shared(0)));
        core.timeline().order();
        state(core).see(core.timeline().now().raw());
    }

    void masked(Core& core) {
        core.timeline().disable_interrupts();
        core.timeline().advance(Cycles{state(core).rng.below(900)});
        walk(core, shared(state(core).rng.below(kSharedPages)), kWrite);
        core.timeline().enable_interrupts();
    }

    RandomProgramParams params_;
    std::uint32_t active_;
    TestMachine test_;
    std::vector<PhysAddr> entries_;
    std::vector<std::unique_ptr<CoreState>> cores_;
};

}  // namespace splinter::hw
