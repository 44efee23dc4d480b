// Changes to the kernel's direct map: set_direct_map_invalid_noflush(), set_direct_map_default_noflush() and
// set_direct_map_valid_noflush() of arch/x86/mm/pat/set_memory.c (CPA), Linux 6.12.
//
// A change that covers a whole leaf rewrites its entry; a change of part of a leaf splits it: cpa_lock is dropped, a page-table
// page is allocated, 512 entries are prepared and installed, everything is flushed on all CPUs with pgd_lock and cpa_lock held,
// and the look-up starts again from the top. Splits are never undone. A leaf that becomes not present loses its Global bit for
// good. The change itself is not flushed: that is the caller's job.
// Leaves out: aliases, cache attributes, protection keys, collapse into large leaves.
#pragma once

#include "alloc/accounts.h"
#include "alloc/buddy/page_allocator.h"
#include "alloc/cpu.h"
#include "alloc/freetype.h"
#include "alloc/map/boot_tables.h"
#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

// Where page-table pages come from. A policy of its own, since protected page tables cannot come from the plain allocator.
class PageTablePages {
  public:
    virtual ~PageTablePages() = default;
    [[nodiscard]] virtual std::optional<Pfn> allocate(Cpu& cpu) = 0;
    virtual void release(Cpu& cpu, Pfn table) = 0;
};

// Policy `plain`: an order-0 GFP_KERNEL page, mapped and unmovable.
class PlainPageTablePages : public PageTablePages {
  public:
    explicit PlainPageTablePages(PageAllocator& pages) : pages_{pages} {}
    std::optional<Pfn> allocate(Cpu& cpu) override { return pages_.alloc_pages(cpu, AllocRequest{}); }
    void release(Cpu& cpu, Pfn table) override { pages_.free_pages(cpu, table, Order{0U}); }

  private:
    PageAllocator& pages_;
};

class DirectMap {
  public:
    enum class Outcome : std::uint8_t { done, no_memory };

    DirectMap(Pfn root, PageTablePages& tables, TlbFlush& flush, std::size_t cpus);

    // Makes the pages present or not. no_memory (a split got no page): the pages before the failing leaf have changed.
    // REQUIRES: interrupts on, no spinlock held.
    [[nodiscard]] Outcome set_mapping(Cpu& cpu, PfnRange range, Mapping mapping);
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }

  private:
    struct Leaf {
        VirtAddr entry;  // direct-map address of the entry
        x86::Pte value;
        x86::Level level;
    };
    [[nodiscard]] Leaf look_up(Cpu& cpu, Pfn pfn) const;
    // Installs `table` in place of the leaf, unless somebody else has split it meanwhile; returns whether it was used.
    [[nodiscard]] bool split(Cpu& cpu, Pfn pfn, const Leaf& leaf, Pfn table);

    Pfn root_;
    PageTablePages& tables_;
    TlbFlush& flush_;
    std::vector<KernelCounters> counters_;  // by CPU
};

}  // namespace splinter::alloc
