// A process's page tables as real entries in simulated memory: mm_struct, mm/memory.c, Linux 6.12 (batches of large folios as
// since 6.9). Anonymous private memory only; folios of order 9 are always mapped by PTEs, as in the benchmarks of
// D. Hildenbrand that kpkeys is measured with.
//
// Which writes have a guard of the key register, and which loops a section: alloc/mm/README.md.
// Leaves out: threads (a space is used by one CPU at a time, whose own TLB alone it flushes), the copy on a write fault, file
// and shared mappings, swap, PMD mappings, reclaim.
#pragma once

#include <memory>
#include <vector>

#include "alloc/buddy/page_allocator.h"
#include "alloc/mm/folios.h"
#include "alloc/mm/mmu_gather.h"
#include "alloc/mm/pgalloc.h"
#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

// What all address spaces of a kernel work with.
struct MmParts {
    PageAllocator& pages;
    PgAlloc& pgalloc;
    Folios& folios;
    TlbFlush& flush;
};

enum class FolioSize : std::uint8_t { small, huge };  // order 0, order 9

class AddressSpace {
  public:
    enum class Outcome : std::uint8_t { done, no_memory };

    // mm_init(): a root, or nothing if memory is short.
    [[nodiscard]] static std::unique_ptr<AddressSpace> create(Cpu& cpu, const MmParts& parts);
    ~AddressSpace();
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    // mmap() of anonymous memory, and a write fault for each folio of it. no_memory: what was mapped before stays.
    // REQUIRES: free addresses; whole aligned 2 MiB if the folios are huge.
    [[nodiscard]] Outcome populate(Cpu& cpu, VirtAddr start, PageCount pages, FolioSize folios);
    // dup_mmap(): the child, which is empty, gets entries for all that this space maps; both lose the right to write.
    // no_memory: the child has part of them, and must exit.
    [[nodiscard]] Outcome fork(Cpu& cpu, AddressSpace& child);
    // munmap() of an area as it was mapped.
    void munmap(Cpu& cpu, VirtAddr start);
    // exit_mmap() and the root. Nothing may be done with the space after it, and it must be done before the end of the space.
    void exit(Cpu& cpu);

    [[nodiscard]] Pfn pgd() const { return pgd_; }

  private:
    struct Area {
        VirtAddr start;
        PageCount pages;
        [[nodiscard]] VirtAddr end() const { return start + pages.raw() * kPageBytes; }
    };
    AddressSpace(const MmParts& parts, Pfn pgd) : parts_{parts}, pgd_{pgd} {}
    [[nodiscard]] Outcome fault(Cpu& cpu, VirtAddr va, Order order);
    // pte_alloc(): the table with the PTE of `va`, made if need be.
    [[nodiscard]] std::optional<Pfn> alloc_pte_table(Cpu& cpu, VirtAddr va);
    [[nodiscard]] Pfn install(Cpu& cpu, Pfn holder, VirtAddr entry, Pfn table);
    // The same if there is one.
    [[nodiscard]] std::optional<Pfn> find_pte_table(Cpu& cpu, VirtAddr va) const;
    // fork.cpp
    [[nodiscard]] Outcome copy_range(Cpu& cpu, AddressSpace& child, const Area& area);
    void copy_ptes(Cpu& cpu, Pfn from, Pfn to, VirtAddr start, VirtAddr end);
    std::uint64_t copy_present(Cpu& cpu, VirtAddr from, VirtAddr to, std::uint64_t most, x86::Pte first);
    // zap.cpp
    // From the first area to the end of the last, if there is one.
    [[nodiscard]] std::optional<Area> hull() const;
    void unmap(Cpu& cpu, MmuGather& gather, const Area& area);
    [[nodiscard]] VirtAddr zap_ptes(Cpu& cpu, MmuGather& gather, Pfn table, VirtAddr start, VirtAddr end);
    std::uint64_t zap_present(Cpu& cpu, VirtAddr entry, std::uint64_t most, x86::Pte first);
    void free_tables(Cpu& cpu, MmuGather& gather, const Area& area);
    void free_tables_below(Cpu& cpu, MmuGather& gather, Pfn table, x86::Level level, const Area& area);
    [[nodiscard]] bool in_use(VirtAddr begin, std::uint64_t bytes) const;
    void flush_gathered(Cpu& cpu, MmuGather& gather, const Area& area);
    void free_pieces(Cpu& cpu, const MmuGather& gather);

    MmParts parts_;
    Pfn pgd_;
    bool exited_ = false;
    std::vector<Area> areas_;  // by address
};

}  // namespace splinter::alloc
