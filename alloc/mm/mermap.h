// Temporary mappings of pages that are not in the direct map: mm/mermap.c of the ALLOC_UNMAPPED series (bjackman/linux
// @ 40bd0e25c484; code read). Each CPU has a region of 2 MiB with page tables made at boot. A mapping takes the next addresses
// of it, writes its PTEs, and on the way back overwrites them with one that is not present, without a flush. Only when the
// region is used up, it starts again behind the highest mapping that is still there, after one full flush of this CPU alone.
// The last page is the reserve: a single page may still be mapped there, so that mermap_get_reserved() always succeeds.
//
// Leaves out: one region per process (all processes share this CPU's, whose tables are one per CPU and not per process and
// CPU); the flush before a page that was mapped here goes to another process.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "alloc/mm/pgalloc.h"

namespace splinter::alloc {

class Mermap {
  public:
    static constexpr PageCount kRegion{512};
    static constexpr std::size_t kSlots = 4;
    // A page mapped by this CPU's region, or several.
    struct Mapping {
        VirtAddr start;
        PageCount pages;
        std::size_t slot;
    };

    // `tables`: of PTEs, by CPU.
    Mermap(KeyRegister& keys, std::vector<Pfn> tables) : keys_{keys}, cpus_(tables.size()) {
        for (std::size_t i = 0; i < tables.size(); ++i) cpus_[i].table = tables[i];
    }
    Mermap(const Mermap&) = delete;
    Mermap& operator=(const Mermap&) = delete;

    static constexpr VirtAddr region(CpuId cpu) { return layout::kMermap + cpu.raw() * kRegion.raw() * kPageBytes; }
    // mermap_get(): nothing if there is no room behind the highest mapping, or no slot.
    [[nodiscard]] std::optional<Mapping> get(Cpu& cpu, PfnRange range) { return map(cpu, range, kRegion - PageCount{1}); }
    // mermap_get_reserved(): one page. REQUIRES: nothing mapped at the end of the region.
    [[nodiscard]] Mapping get_reserved(Cpu& cpu, Pfn page);
    // mermap_put().
    void put(Cpu& cpu, const Mapping& mapping);

    // clear_page() of pages that are not in the direct map, all at once if there is room, or page by page from the reserve.
    void clear(Cpu& cpu, KernelCounters& counters, PfnRange range);
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return cpus_[cpu.index()].counters; }

  private:
    struct Slot {
        PageCount end;  // in the region
        bool in_use = false;
    };
    struct PerCpu {  // struct mermap_cpu
        Pfn table;
        PageCount next;  // in the region
        std::array<Slot, kSlots> slots{};
        KernelCounters counters;
    };
    [[nodiscard]] std::optional<Mapping> map(Cpu& cpu, PfnRange range, PageCount limit);
    [[nodiscard]] bool make_room(Cpu& cpu, PerCpu& mine, PageCount pages, PageCount limit);
    void set(Cpu& cpu, const PerCpu& mine, VirtAddr va, x86::Pte value);
    static void clear_mapped_at(Cpu& cpu, const Mapping& mapping);

    KeyRegister& keys_;
    std::vector<PerCpu> cpus_;
};

}  // namespace splinter::alloc
