// A hw::Machine for tests: programs are lambdas, page tables are built entry by entry, and each machine has a SystemC context
// of its own, so that one process can simulate many.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hw/core/machine.h"

namespace splinter::hw {

// SystemC keeps hierarchy, time and state in one context per process. This puts a fresh one in place for the lifetime of the
// object (DRAMSys's tests do the same). REQUIRES: everything that was elaborated in it is gone before.
class FreshSystemC {
  public:
    FreshSystemC() : previous_{sc_core::sc_curr_simcontext}, context_{std::make_unique<sc_core::sc_simcontext>()} {
        use(context_.get());
    }
    ~FreshSystemC() {
        context_.reset();  // its destructor looks at the current context, which is still this one
        use(previous_);
    }
    FreshSystemC(const FreshSystemC&) = delete;
    FreshSystemC& operator=(const FreshSystemC&) = delete;

  private:
    static void use(sc_core::sc_simcontext* context) {
        sc_core::sc_curr_simcontext = sc_core::sc_default_global_context = context;
    }
    sc_core::sc_simcontext* previous_;
    std::unique_ptr<sc_core::sc_simcontext> context_;
};

// What a core does, as functions; what is not set does nothing.
class LambdaProgram : public CoreProgram {
  public:
    std::function<void(Core&)> body;
    std::function<void(Core&, Vector)> interrupt;
    std::function<void(Core&, const Message&)> notice;

    void run(Core& core) override {
        if (body) body(core);
    }
    void on_interrupt(Core& core, Vector vector) override {
        if (interrupt) interrupt(core, vector);
    }
    void on_notice(Core& core, const Message& message) override {
        if (notice) notice(core, message);
    }
};

inline constexpr x86::Access kRead{x86::AccessKind::read, x86::Mode::supervisor};
inline constexpr x86::Access kWrite{x86::AccessKind::write, x86::Mode::supervisor};
inline constexpr std::uint64_t kTableFlags = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kAccessed;
inline constexpr std::uint64_t kCleanLeaf = x86::Pte::kPresent | x86::Pte::kWritable;  // A and D still to be set
inline constexpr std::uint64_t kUsedLeaf = kCleanLeaf | x86::Pte::kAccessed | x86::Pte::kDirty;

// One translation as a test looks at it; unlike Core::translate() it takes no time and lets the program see a fault.
struct Probe {
    bool faulted;
    std::uint32_t error_code;  // with a fault
    PhysAddr address;          // without
    Cycles latency;            // beyond an L1 TLB hit
};
inline Probe probe(Core& core, VirtAddr va, x86::Access access) {
    const TranslationUnit::Outcome outcome = core.mmu().unit().access(va, access);
    const x86::AccessOutcome& result = outcome.result;
    return {result.kind != x86::AccessOutcome::Kind::ok, result.fault.error_code, result.address, outcome.latency};
}

class TestMachine {
  public:
    static constexpr std::uint64_t kMemoryBytes = std::uint64_t{64} << 20;
    static constexpr Pfn kRoot{1};

    explicit TestMachine(const MachineParams& params)
        : memory_{kMemoryBytes}, machine_{"machine", params, memory_}, programs_(params.cores) {
        for (std::uint32_t i = 0; i < params.cores; ++i) {
            core(i).set_program(programs_[i]);
            (void)core(i).mmu().unit().write_cr3(kRoot, Pcid{0}, TranslationUnit::Cr3Flush::flush);
        }
    }

    [[nodiscard]] Machine& machine() { return machine_; }
    [[nodiscard]] x86::PhysMem& memory() { return memory_; }
    [[nodiscard]] Core& core(std::uint32_t cpu) { return machine_.core(CpuId{cpu}); }
    [[nodiscard]] LambdaProgram& program(std::uint32_t cpu) { return programs_[cpu]; }
    void run() { machine_.run(); }

    // Where the entry of `level` for `va` stands; makes the tables above it.
    PhysAddr entry(VirtAddr va, x86::Level level) {
        Pfn table = kRoot;
        for (x86::Level at = x86::kPml4e; at > level; at = at.below()) {
            const PhysAddr address = base_of(table) + at.index(va) * 8;
            if (!memory_.load(address).present()) memory_.store(address, x86::Pte::table(Pfn{next_table_++}, kTableFlags));
            table = memory_.load(address).next_table();
        }
        return base_of(table) + level.index(va) * 8;
    }
    // Maps one leaf; returns the address of its entry.
    PhysAddr map(VirtAddr va, Pfn frame, std::uint64_t flags, x86::PageSize size = x86::PageSize::k4) {
        const PhysAddr address = entry(va, x86::leaf_level(size));
        memory_.store(address, x86::Pte::leaf(frame, size, flags));
        return address;
    }

  private:
    FreshSystemC systemc_;  // first, so that it goes last
    x86::PhysMem memory_;
    Machine machine_;
    std::vector<LambdaProgram> programs_;
    std::uint64_t next_table_ = 2;
};

// Everything that a run can show, as text, so that a difference between two runs names what differs.
inline std::string fingerprint(TestMachine& test) {
    std::string text = "contended " + std::to_string(test.machine().locks().contended()) + "\n";
    for (const auto& core : test.machine().cores()) {
        text += core->name() + std::string{" now "} + std::to_string(core->timeline().now().raw());
        for (const auto& [path, cycles] : core->timeline().ledger().since({}))
            text += " [" + path + "] " + std::to_string(cycles);
        const MmuStats& mmu = core->mmu().unit().stats();
        for (std::uint64_t count : {mmu.accesses, mmu.l1_misses, mmu.l2_misses, mmu.walk_reads, mmu.walk_cycles, mmu.faults,
                                    mmu.invlpg, mmu.full_flushes, core->apic().stats().sent, core->apic().stats().received})
            text += " " + std::to_string(count);
        core->mmu().unit().for_each_translation([&](const CachedTranslation& cached) {
            const x86::Rights& rights = cached.translation.rights;
            text += " tlb " + std::to_string(cached.page.raw()) + ">" + std::to_string(cached.translation.frame.raw()) +
                    (rights.writable ? "w" : "") + (rights.dirty ? "d" : "");
        });
        text += "\n";
    }
    return text;
}

}  // namespace splinter::hw
