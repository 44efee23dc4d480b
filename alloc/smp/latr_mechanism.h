// Mechanism `latr`: lazy translation coherence of Kumar et al., ASPLOS 2018. The initiator flushes for itself, records the
// range and the CPUs that have to flush it in one of its 64 states, and goes on. Each CPU sweeps all CPUs' states at its timer
// tick and before it loads another address space, flushes what has its bit, and clears that; a state without bits is free
// again. With no free state the initiator interrupts, as Linux does.
//
// The paper defers flushes of user ranges whose memory it keeps from reuse until all CPUs have swept. On the direct map nothing
// is kept back here, so that a protected page is exposed until the last tick: hypothetical, and said so in the result. User
// ranges interrupt.
//
// Leaves out: NUMA balancing's states, ticks that stop on idle CPUs, the sweep's prefetches.
#pragma once

#include <array>
#include <memory>
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
    void start(Cpu& cpu) override { run(cpu); }
    void switches_context(Cpu& cpu) override { sweep(cpu); }
    void ticked(Cpu& cpu) override;

  private:
    struct State {
        RemoteWork work;
        CpuMask left;  // CPUs that have not swept it
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
    // Arms the next tick.
    void run(Cpu& cpu) override;
    void sweep(Cpu& cpu);
    [[nodiscard]] std::vector<Found> find_mine(const Cpu& cpu) const;
    void flush(Cpu& cpu, const std::vector<RemoteWork>& works);

    CallFunction& calls_;
    KernelWork& work_;
    layout::KernelData data_;
    Params params_;
    std::vector<PerCpu> cpus_;
};

}  // namespace splinter::alloc
