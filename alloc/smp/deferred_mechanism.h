// Mechanism `deferred`: a CPU in user mode or idle cannot use the kernel's translations, so it need not be interrupted to drop
// them: it gets a flag and flushes when it next enters the kernel, before it touches anything there. CPUs in the kernel are
// interrupted as usual. Proposed for Linux more than once (context tracking: "isolation" work, V. Schneider, 2022 on), in no
// kernel.
//
// Each CPU has a word with "in the kernel" and "flush pending". The CPU changes the first at each entry and exit, the initiator
// sets the second by cmpxchg where the first is clear: either the initiator sees the CPU in the kernel and interrupts it, or
// the CPU sees the flag when it comes in. The word lies where the flush does not reach: in the per-CPU area, not the direct
// map.
//
// Leaves out: speculation in user mode with kernel translations, which page-table isolation is there for.
#pragma once

#include <vector>

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

class DeferredMechanism : public FlushMechanism {
  public:
    DeferredMechanism(CallFunction& calls, std::size_t cpus, layout::KernelData data)
        : calls_{calls}, data_{data}, contexts_(cpus) {}
    void kernel(Cpu& cpu, const RemoteWork& work) override;
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override { calls_.run_on(cpu, targets, work); }
    void entered_kernel(Cpu& cpu) override;
    void leaves_kernel(Cpu& cpu) override;

  private:
    enum class Where : std::uint8_t { kernel, outside };
    enum class Flush : std::uint8_t { none, pending };
    struct Context {
        Where where = Where::kernel;
        Flush flush = Flush::none;
    };
    CallFunction& calls_;
    layout::KernelData data_;
    std::vector<Context> contexts_;  // by CPU
};

}  // namespace splinter::alloc
