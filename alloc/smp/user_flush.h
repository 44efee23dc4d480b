// TLB flushes of ranges of an address space: flush_tlb_mm_range() and native_flush_tlb_multi() of arch/x86/mm/tlb.c,
// Linux 6.12. One INVLPG per stride up to the ceiling, all of the space's entries above it; on the CPUs of mm_cpumask() that
// run the space. A lazy CPU is spared, for it will look at the generation before it uses the space again; not if page tables
// go, which it could still walk. `kernel.user_flush`: this CPU's share while the others work (since 5.13), or before they are
// told. Leaves out: batches of reclaim (arch_tlbbatch_flush()), mmu notifiers.
#pragma once

#include "alloc/smp/flush_mechanism.h"

namespace splinter::alloc {

enum class UserFlushOrder : std::uint8_t { concurrent, sequential };

class UserFlush {
  public:
    UserFlush(FlushMechanism& mechanism, LocalFlush& local, PageCount ceiling, UserFlushOrder order)
        : mechanism_{mechanism}, local_{local}, ceiling_{ceiling}, order_{order} {}

    // flush_tlb_mm_range(). After return no CPU uses a translation of [start, start + bytes) older than the call. A flush of
    // more than `ceiling` strides is one of everything. REQUIRES: interrupts on; leaves of at least `stride` in the range.
    void mm_range(Cpu& cpu, MmContext& mm, VirtAddr start, std::uint64_t bytes, PageCount stride, RemoteWork::Tables tables);
    // The same after an unmapping, whose memory is freed when the mechanism says that no CPU can use it any more: here and
    // now, unless it is late.
    void unmapped(Cpu& cpu, MmContext& mm, VirtAddr start, std::uint64_t bytes, PageCount stride, RemoteWork::Tables tables,
                  UnmappedMemoryPtr memory);
    // flush_tlb_page()
    void page(Cpu& cpu, MmContext& mm, VirtAddr va) {
        mm_range(cpu, mm, va, kPageBytes, PageCount{1}, RemoteWork::Tables::kept);
    }
    // flush_tlb_mm(), whose range is everything; counts as one that freed tables.
    void whole(Cpu& cpu, MmContext& mm);
    [[nodiscard]] TlbState& state() { return local_.tlb_state(); }

  private:
    [[nodiscard]] RemoteWork ranged(VirtAddr start, std::uint64_t bytes, PageCount stride, RemoteWork::Tables tables) const;
    // Returns the memory that may be freed now; none is given, or it is kept: nothing.
    [[nodiscard]] UnmappedMemoryPtr flush(Cpu& cpu, MmContext& mm, RemoteWork work, UnmappedMemoryPtr memory);
    [[nodiscard]] CpuMask targets_of(Cpu& cpu, const CpuMask& others, const RemoteWork& work);
    FlushMechanism& mechanism_;
    LocalFlush& local_;
    PageCount ceiling_;
    UserFlushOrder order_;
};

}  // namespace splinter::alloc
