// TLB flushes of kernel ranges: flush_tlb_kernel_range() and flush_tlb_all() of arch/x86/mm/tlb.c, Linux 6.12. One INVLPG per
// page up to the ceiling, everything above it; no stride, so that a 2 MiB leaf counts as 512 pages.
// Leaves out: user ranges (mm_cpumask, tlb_gen), broadcast (INVLPGB), page-table isolation's second address space.
#pragma once

#include "alloc/smp/call_function.h"

namespace splinter::alloc {

class FlushObserver {
  public:
    virtual ~FlushObserver() = default;
    virtual void flush_begins(Cpu& cpu) = 0;
    virtual void flushed_range(Cpu& cpu, VirtAddr start, PageCount pages) = 0;
    virtual void flushed_all(Cpu& cpu) = 0;
};

class TlbFlush {
  public:
    TlbFlush(CallFunction& calls, PageCount ceiling) : calls_{calls}, ceiling_{ceiling} {}
    // After return no CPU translates [start, start + pages) with rights that the tables have taken away.
    void kernel_range(Cpu& cpu, VirtAddr start, PageCount pages);
    void all(Cpu& cpu);
    // Hears of each flush, when it begins and when it has reached all CPUs.
    void set_observer(FlushObserver& observer) { observer_ = &observer; }
    // flush_tlb_mm_range(), flush_tlb_mm() of an address space that no other CPU uses: here only, non-global entries only.
    void local_user_range(Cpu& cpu, VirtAddr start, PageCount pages);
    void local_user_all(Cpu& cpu);

  private:
    CallFunction& calls_;
    PageCount ceiling_;
    FlushObserver* observer_ = nullptr;
};

}  // namespace splinter::alloc
