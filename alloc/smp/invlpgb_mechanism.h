// Mechanism `invlpgb`, Linux 6.15 on AMD: kernel ranges by broadcast, no interrupt. invlpgb_kernel_range_flush() posts one
// INVLPGB per 8 pages and waits once, in TLBSYNC; invlpgb_flush_all() posts one for everything. Both take global entries and
// every PCID, so that what INVLPG leaves under another PCID goes, too.
//
// User ranges: an address space that more than three CPUs run gets an ASID that is the same on all of them (use_global_asid()),
// and from then on its flushes are broadcast to that PCID (broadcast_tlb_flush()); others interrupt.
//
// Leaves out: that cpa_flush() of 6.15 still interrupts for ranges up to the ceiling; here all kernel ranges are broadcast, as
// with the patch that makes it call flush_tlb_kernel_range(). Of global ASIDs: that Linux looks for candidates now and then
// only, by pid and jiffies, and reuses ASIDs after a full flush.
#pragma once

#include "alloc/smp/call_function.h"
#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

class InvlpgbMechanism : public FlushMechanism {
  public:
    explicit InvlpgbMechanism(CallFunction& calls) : calls_{calls} {}
    void kernel(Cpu& cpu, const RemoteWork& work) override;
    void user(Cpu& cpu, const CpuMask& targets, const RemoteWork& work) override;
    [[nodiscard]] bool user_by_broadcast(Cpu& cpu, const RemoteWork& work) override;

  private:
    static constexpr std::size_t kMostWithoutGlobalAsid = 3;  // CPUs (mm_active_cpus_exceeds(mm, 3))
    // CPUs that run the space may still do it under an ASID of their own: once, all of them are interrupted
    // (finish_asid_transition(), which asks each time which ones do).
    void finish_transition(Cpu& cpu, const RemoteWork& work);
    void sync(Cpu& cpu);
    void post(Cpu& cpu, const x86::Invlpgb& invalidation);
    CallFunction& calls_;
};

}  // namespace splinter::alloc
