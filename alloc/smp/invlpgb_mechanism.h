// Mechanism `invlpgb`, Linux 6.15 on AMD: kernel ranges by broadcast, no interrupt. invlpgb_kernel_range_flush() posts one
// INVLPGB per 8 pages and waits once, in TLBSYNC; invlpgb_flush_all() posts one for everything. Both take global entries and
// every PCID, so that what INVLPG leaves under another PCID goes, too. Leaves out: that cpa_flush() of 6.15 still interrupts
// for ranges up to the ceiling; here all kernel ranges are broadcast. User ranges interrupt, as for processes without a global
// ASID.
#pragma once

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

class InvlpgbMechanism : public FlushMechanism {
  public:
    explicit InvlpgbMechanism(CallFunction& calls) : calls_{calls} {}
    void kernel(Cpu& cpu, const RemoteWork& work) override;
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override { calls_.run_on(cpu, targets, work); }

  private:
    void post(Cpu& cpu, const x86::Invlpgb& invalidation);
    CallFunction& calls_;
};

}  // namespace splinter::alloc
