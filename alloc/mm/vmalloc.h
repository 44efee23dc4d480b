// vmalloc() and vfree(): mm/vmalloc.c, Linux 6.12, with the lazy-MMU sections that 6.16 put around the loops over PTEs and
// kpkeys builds on. Page tables of the kernel half, shared by all address spaces: boot gives them their root entry, the rest is
// made on demand and never freed. What a vfree() unmaps is flushed later, all at once (lazy_max_pages()).
//
// Leaves out: the pools of freed addresses per size (vmap_node), huge mappings, vmap() of a caller's pages, KASAN shadows; the
// purge runs where it was found due, not in a worker.
#pragma once

#include <map>
#include <vector>

#include "alloc/buddy/page_allocator.h"
#include "alloc/map/vmap_aliases.h"
#include "alloc/mm/pgalloc.h"
#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

class Vmalloc : public VmapAliases {
  public:
    Vmalloc(PageAllocator& pages, PgAlloc& pgalloc, TlbFlush& flush, Pfn root, std::size_t cpus);
    Vmalloc(const Vmalloc&) = delete;
    Vmalloc& operator=(const Vmalloc&) = delete;

    // vmalloc(): the address, or nothing if memory is short. REQUIRES: no spinlock held.
    [[nodiscard]] std::optional<VirtAddr> allocate(Cpu& cpu, PageCount pages);
    void free(Cpu& cpu, VirtAddr start);
    // vm_unmap_aliases(): purges at once.
    void unmap_all(Cpu& cpu) override { purge(cpu); }
    // Addresses that were unmapped and not flushed, in pages.
    [[nodiscard]] PageCount lazy_pages() const { return lazy_pages_; }
    [[nodiscard]] PageCount lazy_max_pages() const { return lazy_max_; }
    [[nodiscard]] std::uint64_t purges() const { return purges_; }
    // Before the first allocation.
    void set_leaves(KernelLeaves leaves) { leaf_ = kernel_leaf(leaves); }

  private:
    struct Block {  // struct vm_struct
        std::vector<Pfn> pages;
    };
    [[nodiscard]] std::optional<VirtAddr> take_addresses(Cpu& cpu, PageCount pages);
    [[nodiscard]] bool map(Cpu& cpu, VirtAddr start, const std::vector<Pfn>& pages);
    void unmap(Cpu& cpu, VirtAddr start, PageCount pages);
    [[nodiscard]] std::optional<Pfn> pte_table(Cpu& cpu, VirtAddr va);
    void give_back_pages(Cpu& cpu, const std::vector<Pfn>& pages);
    void free_lazily(Cpu& cpu, VirtAddr start, PageCount pages);
    void purge(Cpu& cpu);

    PageAllocator& pages_;
    PgAlloc& pgalloc_;
    TlbFlush& flush_;
    Pfn root_;
    std::uint64_t leaf_ = kKernelLeaf;  // flags
    PageCount lazy_max_;
    // All of these under kVmapLock.
    std::map<VirtAddr, PageCount> free_;  // addresses, by start
    std::map<VirtAddr, PageCount> lazy_;  // the same, to be flushed first
    std::map<VirtAddr, Block> busy_;
    PageCount lazy_pages_;
    std::uint64_t purges_ = 0;
};

}  // namespace splinter::alloc
