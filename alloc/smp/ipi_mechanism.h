// Mechanism `ipi`, Linux's: on_each_cpu() for kernel ranges, on_each_cpu_mask() for user ranges (flush_tlb_multi(), since 5.13
// with the initiator's own share at the same time).
#pragma once

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

class IpiMechanism : public FlushMechanism {
  public:
    explicit IpiMechanism(CallFunction& calls) : calls_{calls} {}
    void kernel(Cpu& cpu, const RemoteWork& work) override { calls_.run_on_all(cpu, work); }
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override { calls_.run_on(cpu, targets, work); }

  private:
    CallFunction& calls_;
};

}  // namespace splinter::alloc
