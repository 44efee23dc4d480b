// Paging-structure caches: PML4E, PDPTE and PDE caches, fully associative, true LRU, tagged with the PCID (SDM Vol. 3A
// 4.10.3). Each holds entries that point to a table, with the rights gathered so far; a hit starts the walk at that table.
// Pure. INVLPG drops every entry of the current PCID, whatever its address (SDM 4.10.4.1).
#pragma once

#include <array>
#include <vector>

#include "hw/mmu/tlb_array.h"

namespace splinter::hw {

class PagingCache {
  public:
    explicit PagingCache(const MmuParams& params);
    // The deepest cached point on the way to `va`; walks start at the root if there is none.
    [[nodiscard]] std::optional<x86::WalkPoint> lookup(VirtAddr va, Pcid pcid);
    // A walk has reached `point` for `va`. REQUIRES: point is not the root.
    void insert(VirtAddr va, Pcid pcid, const x86::WalkPoint& point);
    void invalidate_pcid(Pcid pcid);
    void invalidate_all();
    // visit(VirtAddr first covered, Level of the cached table, Pcid, WalkPoint), for audits.
    template <class Visitor>
    void for_each(Visitor&& visit) const;

  private:
    struct Slot {
        std::uint64_t prefix = 0;
        std::uint64_t age = 0;  // 0: invalid
        Pcid pcid;
        x86::WalkPoint point{};
    };
    // Index 0: tables of PTEs (PDE cache), 1: of PDEs (PDPTE cache), 2: of PDPTEs (PML4E cache).
    static std::size_t index_of(x86::Level table_level) { return table_level.number() - 1; }
    static std::uint64_t prefix_of(VirtAddr va, x86::Level table_level) { return va.raw() >> (table_level.shift() + 9); }
    std::array<std::vector<Slot>, 3> levels_;
    std::uint64_t clock_ = 0;
};

template <class Visitor>
void PagingCache::for_each(Visitor&& visit) const {
    for (const std::vector<Slot>& level : levels_)
        for (const Slot& slot : level)
            if (slot.age != 0) visit(VirtAddr{slot.prefix << (slot.point.level.shift() + 9)}, slot.pcid, slot.point);
}

}  // namespace splinter::hw
