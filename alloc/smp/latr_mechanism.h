// Mechanism `latr`: lazy translation coherence of Kumar et al., ASPLOS 2018. The initiator flushes for itself, records the
// range and the CPUs that have to flush it in one of its 64 states, and goes on. Each CPU sweeps all CPUs' states at its timer
// tick and when it has loaded another address space, flushes what has its bit, and clears that; a state without bits is free
// again. With no free state the initiator interrupts, as Linux does.
//
// User ranges, as in the paper: what frees memory (munmap(), madvise()) is lazy, and its pages and page tables stay in
// quarantine; the initiator's own tick frees them, the second one after the flush at the earliest (the paper's reclaim thread
// goes by that time alone; here it also looks whether all CPUs have swept, and waits if not). What must be in force on return
// (mprotect(), mremap(), copy-on-write, fork(), the split of a huge page) interrupts, and so does the end of a space.
// Until a CPU has swept, its threads use the old page: the new one of a MADV_DONTNEED they see later.
//
// On the direct map nothing is kept back, so that a protected page is exposed until the last tick: hypothetical, and said so
// in the result.
//
// Leaves out: NUMA balancing's states, ticks that stop on idle CPUs, the sweep's prefetches; that freed addresses, too, are
// kept from reuse (callers choose theirs here).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"
#include "alloc/work/kernel_work.h"

namespace splinter::alloc {

class LatrMechanism : public FlushMechanism, private Work {
  public:
    struct Params {
        Cycles tick;        // > 0
        PageCount ceiling;  // a sweep that would flush more pages than this one by one flushes everything
    };
    LatrMechanism(CallFunction& calls, KernelWork& work, std::size_t cpus, layout::KernelData data, Params params);
    void kernel(Cpu& cpu, const RemoteWork& work) override;
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override { calls_.run_on(cpu, targets, work); }
    [[nodiscard]] UnmappedMemoryPtr user_unmapped(Cpu& cpu, const CpuMask& targets, const RemoteWork& work,
                                                  UnmappedMemoryPtr memory) override;
    [[nodiscard]] const Quarantine::Gauges* quarantine() const override { return &quarantine_.gauges(); }
    void start(Cpu& cpu) override { run(cpu); }
    void switches_context(Cpu& cpu) override { sweep(cpu); }
    void ticked(Cpu& cpu) override;

  private:
    struct State {
        RemoteWork work;
        CpuMask left;  // CPUs that have not swept it
        // User ranges only.
        std::uint64_t ctx_id = 0;  // of the space, which may have ended
        Cycles since;
        std::uint64_t used = 0;  // how often it has been recorded in
    };
    using States = std::array<State, layout::KernelData::kLatrStates>;
    struct PerCpu {
        std::unique_ptr<States> states = std::make_unique<States>();
        std::size_t used = 0;
        Cycles next_tick = kNever;
    };
    struct Found {
        CpuId owner;
        std::size_t index;
    };
    static constexpr std::uint64_t kReclaimTicks = 2;  // from the flush to the earliest free
    // Arms the next tick, and frees what may be freed.
    void run(Cpu& cpu) override;
    void reclaim(Cpu& cpu);
    // The state in which the flush now stands for `targets`; none is free: nothing, and this is counted.
    [[nodiscard]] std::optional<std::size_t> record(Cpu& cpu, const CpuMask& targets, const RemoteWork& work);
    void flush_own_share(Cpu& cpu, const RemoteWork& work);
    [[nodiscard]] Cycles tick_after(Cycles now, std::uint64_t ticks) const {
        return params_.tick * (now.raw() / params_.tick.raw() + ticks);
    }
    void sweep(Cpu& cpu);
    void sweep_with_interrupts_off(Cpu& cpu);
    void note_swept(Cpu& cpu, const State& state);
    [[nodiscard]] std::vector<Found> find_mine(const Cpu& cpu) const;
    void flush(Cpu& cpu, const std::vector<Found>& found);

    CallFunction& calls_;
    KernelWork& work_;
    layout::KernelData data_;
    Params params_;
    std::vector<PerCpu> cpus_;
    Quarantine quarantine_;
};

}  // namespace splinter::alloc
