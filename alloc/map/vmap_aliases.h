// vm_unmap_aliases() of mm/vmalloc.c, Linux 6.1 and 6.12: vmalloc areas that were freed lazily (stacks of tasks that have ended
// are many of them) are purged with one flush_tlb_kernel_range() from the lowest to the highest, before anybody changes what
// their pages may do. Usually they lie far apart, so that everything is flushed. With none there is no flush.
// Leaves out: blocks of vm_map_ram().
#pragma once

#include <algorithm>
#include <optional>

#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

// Who knows of the areas.
class VmapAliases {
  public:
    virtual ~VmapAliases() = default;
    // REQUIRES: interrupts on, no spinlock held.
    virtual void unmap_all(Cpu& cpu) = 0;
};

// Areas by their addresses alone, without tables.
class BareVmapAreas : public VmapAliases {
  public:
    explicit BareVmapAreas(TlbFlush& flush) : flush_{flush} {}
    // An area was freed and not flushed.
    void freed(VirtAddr start, PageCount pages) {
        const VirtAddr end = start + pages.raw() * kPageBytes;
        if (!lazy_) lazy_ = Range{start, end};
        lazy_ = Range{std::min(lazy_->start, start), std::max(lazy_->end, end)};
    }
    void unmap_all(Cpu& cpu) override {
        if (!lazy_) return;
        flush_.kernel_range(cpu, lazy_->start, PageCount{(lazy_->end - lazy_->start) >> kPageShift});
        lazy_.reset();
    }

  private:
    struct Range {
        VirtAddr start;
        VirtAddr end;
    };
    TlbFlush& flush_;
    std::optional<Range> lazy_;
};

}  // namespace splinter::alloc
