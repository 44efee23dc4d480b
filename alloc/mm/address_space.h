// A process's page tables as real entries in simulated memory: mm_struct, mm/memory.c, Linux 6.12 (batches of large folios as
// since 6.9). Anonymous private memory only; folios of order 9 are always mapped by PTEs, as in the benchmarks of
// D. Hildenbrand that kpkeys is measured with.
//
// Which writes have a guard of the key register, and which loops a section: alloc/mm/README.md.
// Flushes: what an unmapping or a change of rights collects is flushed by UserFlush::mm_range() on all CPUs that run the space.
// A space of MmUse::any_cpu may be used by several CPUs at once (threads): areas change under mmap_lock, which MADV_DONTNEED
// takes for reading, and faults take no lock but those of tables (per-VMA locks, since 6.4).
// Leaves out: file and shared mappings, swap, reclaim, faults that race with the unmapping of their own area.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "alloc/mm/mm_parts.h"
#include "alloc/mm/mmap_lock.h"
#include "alloc/mm/mmu_gather.h"

namespace splinter::alloc {

// PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE.
enum class PageRights : std::uint8_t { none, read, read_write };

// Order 0; order 9, mapped by PTEs; order 9, mapped by one PDE where whole 2 MiB of the area allow it (THP), else order 0.
enum class FolioSize : std::uint8_t { small, huge, transparent };

class AddressSpace {
  public:
    enum class Outcome : std::uint8_t { done, no_memory };

    // mm_init(): a root, or nothing if memory is short.
    [[nodiscard]] static std::unique_ptr<AddressSpace> create(Cpu& cpu, const MmParts& parts, MmUse use);
    ~AddressSpace();
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    // mmap() of anonymous memory, and a write fault for each folio of it. no_memory: what was mapped before stays.
    // REQUIRES: free addresses; whole aligned 2 MiB if the folios are huge. Transparent huge pages can be unmapped and their
    // rights changed; fork(), mremap() and copies of them are not modelled.
    [[nodiscard]] Outcome populate(Cpu& cpu, VirtAddr start, PageCount pages, FolioSize folios);
    // dup_mmap(): the child, which is empty, gets entries for all that this space maps; both lose the right to write.
    // no_memory: the child has part of them, and must exit.
    [[nodiscard]] Outcome fork(Cpu& cpu, AddressSpace& child);
    // munmap() of an area as it was mapped, or of a range.
    void munmap(Cpu& cpu, VirtAddr start);
    void munmap(Cpu& cpu, VirtAddr start, PageCount pages);
    // madvise(MADV_DONTNEED): the pages go, the area stays.
    void dontneed(Cpu& cpu, VirtAddr start, PageCount pages);
    // mprotect(), pkey_mprotect(): flushed is what has lost a right or changed its key, and what has got the right to write.
    // REQUIRES: all mapped.
    void mprotect(Cpu& cpu, VirtAddr start, PageCount pages, PageRights rights);
    void pkey_mprotect(Cpu& cpu, VirtAddr start, PageCount pages, PageRights rights, unsigned key);
    // mremap(MREMAP_MAYMOVE | MREMAP_FIXED) to free addresses. no_memory: nothing has moved, or a part of it, and both ranges
    // stay areas. REQUIRES: [start, start + pages) is one area.
    [[nodiscard]] Outcome mremap(Cpu& cpu, VirtAddr start, PageCount pages, VirtAddr to);
    // A write to a page: a fault if there is none, or if it is shared with another space (do_wp_page(): copied, or written if
    // nobody else has it). Nothing to do if it may be written. REQUIRES: the area may be written.
    [[nodiscard]] Outcome write_fault(Cpu& cpu, VirtAddr va);
    // exit_mmap() and the root. If this CPU has it loaded it is left for init_mm: the caller loads another. Nothing may be done
    // with the space after it, and it must be done before the end of the space. REQUIRES: no other CPU has it loaded but
    // lazily.
    void exit(Cpu& cpu);

    [[nodiscard]] Pfn pgd() const { return mm_.pgd; }
    // For TlbState::switch_mm().
    [[nodiscard]] MmContext& mm() { return mm_; }

  private:
    struct Area {
        VirtAddr start;
        PageCount pages;
        PageRights rights = PageRights::read_write;
        unsigned key = 0;  // of protection keys for user pages
        [[nodiscard]] VirtAddr end() const { return start + pages.raw() * kPageBytes; }
    };
    explicit AddressSpace(const MmParts& parts) : parts_{parts}, mmap_lock_{mm_, parts.flush.state().data()} {}
    // Before a look at tables that other CPUs may be adding to.
    void settle(Cpu& cpu) const {
        if (mm_.use == MmUse::any_cpu) cpu.order();
    }
    [[nodiscard]] static x86::Pte leaf_of(const Area& area, Pfn page);
    [[nodiscard]] Area& area_at(VirtAddr va);
    // An area boundary at `va`, if an area spans it.
    void split_at(VirtAddr va);
    // protect.cpp
    void change(Cpu& cpu, VirtAddr start, PageCount pages, PageRights rights, std::optional<unsigned> key);
    void change_area(Cpu& cpu, MmuGather& gather, const Area& area);
    void change_ptes(Cpu& cpu, MmuGather& gather, Pfn table, const Area& area, VirtAddr start, VirtAddr end);
    [[nodiscard]] x86::Pte changed(x86::Pte old, const Area& area);
    [[nodiscard]] static bool change_needs_flush(x86::Pte from, x86::Pte to);
    // move.cpp
    [[nodiscard]] bool move_tables(Cpu& cpu, VirtAddr from, VirtAddr end, VirtAddr to);
    [[nodiscard]] bool move_extent(Cpu& cpu, VirtAddr from, std::uint64_t bytes, VirtAddr to);
    [[nodiscard]] bool move_whole_table(Cpu& cpu, VirtAddr from, VirtAddr to);
    void move_ptes(Cpu& cpu, VirtAddr from, std::uint64_t bytes, Pfn old_table, VirtAddr to, Pfn new_table);
    // transparent_huge.cpp
    [[nodiscard]] bool whole_table(VirtAddr va, VirtAddr end) const;
    [[nodiscard]] Outcome fault_huge(Cpu& cpu, VirtAddr va);
    // The entry of the PDE that maps `va` as a leaf, if it does.
    [[nodiscard]] std::optional<VirtAddr> huge_entry(Cpu& cpu, VirtAddr va) const;
    // Whether [start, end), inside 2 MiB, was mapped by a PDE and is done with; one that is mapped in part is split instead.
    [[nodiscard]] bool zap_huge(Cpu& cpu, MmuGather& gather, VirtAddr start, VirtAddr end);
    [[nodiscard]] bool change_huge(Cpu& cpu, MmuGather& gather, const Area& area, VirtAddr start, VirtAddr end);
    void split_huge(Cpu& cpu, VirtAddr entry, VirtAddr va);
    [[nodiscard]] Pfn withdraw_table(VirtAddr va);
    // The table that an entry stands in.
    [[nodiscard]] static Pfn holder_of(VirtAddr entry) { return pfn_of(PhysAddr{entry - layout::kDirectMap}); }
    // write_fault.cpp
    // A folio that another thread has made superfluous.
    [[nodiscard]] Outcome give_back(Cpu& cpu, Pfn head);
    [[nodiscard]] Outcome copy_page(Cpu& cpu, VirtAddr va, VirtAddr entry, Pfn table);
    [[nodiscard]] Outcome fault(Cpu& cpu, VirtAddr va, Order order);
    // pte_alloc(): the table with the PTE of `va`, made if need be.
    [[nodiscard]] std::optional<Pfn> alloc_pte_table(Cpu& cpu, VirtAddr va);
    [[nodiscard]] Pfn install(Cpu& cpu, Pfn holder, VirtAddr entry, Pfn table);
    // The same if there is one.
    [[nodiscard]] std::optional<Pfn> find_pte_table(Cpu& cpu, VirtAddr va) const { return find_table(cpu, va, x86::kPte); }
    // The table whose entries are of this level.
    [[nodiscard]] std::optional<Pfn> find_table(Cpu& cpu, VirtAddr va, x86::Level level) const;
    [[nodiscard]] std::optional<Pfn> alloc_table(Cpu& cpu, VirtAddr va, x86::Level level);
    // fork.cpp
    [[nodiscard]] Outcome copy_range(Cpu& cpu, AddressSpace& child, const Area& area);
    void copy_ptes(Cpu& cpu, Pfn from, Pfn to, VirtAddr start, VirtAddr end);
    std::uint64_t copy_present(Cpu& cpu, VirtAddr from, VirtAddr to, std::uint64_t most, x86::Pte first);
    // zap.cpp
    // munmap() under mmap_lock.
    void remove(Cpu& cpu, VirtAddr start, VirtAddr end);
    void unmap(Cpu& cpu, MmuGather& gather, VirtAddr start, VirtAddr end);
    [[nodiscard]] VirtAddr zap_ptes(Cpu& cpu, MmuGather& gather, Pfn table, VirtAddr start, VirtAddr end);
    std::uint64_t zap_present(Cpu& cpu, VirtAddr entry, std::uint64_t most, x86::Pte first);
    void free_tables(Cpu& cpu, MmuGather& gather, const Area& area);
    void free_tables_below(Cpu& cpu, MmuGather& gather, Pfn table, x86::Level level, const Area& area);
    [[nodiscard]] bool in_use(VirtAddr begin, std::uint64_t bytes) const;
    // tlb_flush_mmu(). In exit_mmap() the flush is one of everything.
    void flush_gathered(Cpu& cpu, MmuGather& gather);

    MmParts parts_;
    MmContext mm_;
    MmapLock mmap_lock_;
    bool has_huge_ = false;  // transparent huge pages; under mmap_lock
    bool exiting_ = false;
    bool exited_ = false;
    std::vector<Area> areas_;            // by address
    std::map<VirtAddr, Pfn> deposited_;  // tables of PTEs that wait for the split of a huge page (pgtable_trans_huge_deposit())
};

}  // namespace splinter::alloc
