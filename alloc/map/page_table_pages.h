// Where page-table pages come from: the axis `page_tables.policy`. A policy of its own, since protected page tables cannot come
// from the plain allocator, and since a policy that protects them changes the direct map, whose splits need page-table pages.
#pragma once

#include <optional>

#include "alloc/buddy/page_allocator.h"
#include "alloc/cpu.h"

namespace splinter::alloc {

// What a page-table page is for. Splits may take what ordinary requests have to leave (__GFP_PGTABLE_SPLIT, kpkeys v6 patch
// 15).
enum class TableUse : std::uint8_t {
    ordinary,  // a process's or the kernel's own mappings
    split      // the direct map: a leaf is replaced by a table
};

class PageTablePages {
  public:
    virtual ~PageTablePages() = default;
    // A page, protected if the policy protects; not cleared. REQUIRES: no spinlock held, interrupts on.
    [[nodiscard]] virtual std::optional<Pfn> allocate(Cpu& cpu, TableUse use) = 0;
    // REQUIRES: no paging-structure entry points to it, and no CPU caches one that did.
    virtual void release(Cpu& cpu, Pfn table) = 0;

    // Whether the pages of splits are handed out unprotected and protected in linked(): the naive order, in which a split that
    // happens inside finds the outer one done.
    [[nodiscard]] virtual bool protects_linked_splits() const { return false; }
    // A split's page is in use now. no_memory: it could not be protected, and must be taken out of use.
    // REQUIRES: protects_linked_splits(), no spinlock held.
    enum class Ready : std::uint8_t { yes, no_memory };
    [[nodiscard]] virtual Ready linked(Cpu& /*cpu*/, Pfn /*table*/) { return Ready::yes; }

    // Before a change of the direct map that may split: makes sure that the page-table pages it may take are there
    // (kpkeys_prepare_direct_map_split(), v6). no_memory: the change has to fail. REQUIRES: no lock held.
    [[nodiscard]] virtual Ready prepare_split(Cpu& /*cpu*/) { return Ready::yes; }
    // Whether they are there now; with the split lock held, if there is one (kpkeys_ready_for_direct_map_split(), v6).
    [[nodiscard]] virtual bool ready_for_split(Cpu& /*cpu*/) { return true; }
};

// Policy `plain`: an order-0 GFP_KERNEL page, mapped and unmovable, with key 0.
class PlainPageTablePages : public PageTablePages {
  public:
    explicit PlainPageTablePages(PageAllocator& pages) : pages_{pages} {}
    std::optional<Pfn> allocate(Cpu& cpu, TableUse /*use*/) override { return pages_.alloc_pages(cpu, AllocRequest{}); }
    void release(Cpu& cpu, Pfn table) override { pages_.free_pages(cpu, table, Order{0U}); }

  private:
    PageAllocator& pages_;
};

}  // namespace splinter::alloc
