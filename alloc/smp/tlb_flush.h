// TLB flushes of kernel ranges: flush_tlb_kernel_range() and flush_tlb_all() of arch/x86/mm/tlb.c, Linux 6.12. One INVLPG per
// page up to the ceiling, everything above it; no stride, so that a 2 MiB leaf counts as 512 pages. A stride, as
// flush_tlb_mm_range() has one for user ranges, is a variant of ours: one INVLPG per stride, and the ceiling counts strides.
// User ranges: user_flush.h.
// How the CPUs are told: flush_mechanism.h.
#pragma once

#include "alloc/smp/flush_mechanism.h"

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
    TlbFlush(FlushMechanism& mechanism, LocalFlush& local, PageCount ceiling)
        : mechanism_{mechanism}, local_{local}, ceiling_{ceiling} {}
    // After return no CPU translates [start, start + pages) with rights that the tables have taken away. With a `stride` of
    // more than a page. REQUIRES: all leaves there are at least as large, and have been since the last full flush.
    void kernel_range(Cpu& cpu, VirtAddr start, PageCount pages, PageCount stride = PageCount{1});
    void all(Cpu& cpu);
    // Hears of each flush, when it begins and when it has reached all CPUs.
    void set_observer(FlushObserver& observer) { observer_ = &observer; }
    // cpa_flush() of arch/x86/mm/pat/set_memory.c: what set_memory_*() does after a change. One INVLPG per page up to the
    // ceiling (on_each_cpu(__cpa_flush_tlb)), above it flush_tlb_all().
    void changed_pages(Cpu& cpu, VirtAddr start, PageCount pages);
    // cpa_flush_all(): after a change that failed half-way.
    void after_failed_change(Cpu& cpu);

    // Calls so far by the kernel's names, on all CPUs.
    struct Calls {
        std::uint64_t flush_tlb_all = 0;
        std::uint64_t flush_tlb_kernel_range = 0;
        std::uint64_t cpa_flush = 0;
    };
    [[nodiscard]] const Calls& made() const { return made_; }

  private:
    void everything(Cpu& cpu);
    void range(Cpu& cpu, VirtAddr start, PageCount steps, PageCount stride);
    void begin(Cpu& cpu);
    FlushMechanism& mechanism_;
    LocalFlush& local_;
    PageCount ceiling_;
    FlushObserver* observer_ = nullptr;
    Calls made_;
};

}  // namespace splinter::alloc
