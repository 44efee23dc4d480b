// How large the leaves of the direct map are.
#pragma once

#include <array>

#include "alloc/layout.h"
#include "hw/x86/phys_mem.h"

namespace splinter::platforms {

// Leaves of the direct map, as direct_pages_count[] of arch/x86/mm/pat/set_memory.c has them: a leaf that is not present counts
// like any other.
class LeafCount {
  public:
    LeafCount(const x86::PhysMem& memory, Pfn root) : memory_{memory} {
        const std::uint64_t first = x86::kPml4e.index(alloc::layout::kDirectMap);
        const std::uint64_t end = x86::kPml4e.index(alloc::layout::kVmemmap);
        for (std::uint64_t i = first; i < end; ++i) {
            const x86::Pte entry = memory_.load(base_of(root) + i * 8);
            if (entry.present()) count(entry.next_table(), x86::kPdpte);
        }
    }
    [[nodiscard]] std::uint64_t leaves(x86::Level level) const { return leaves_[level.number()]; }

  private:
    void count(Pfn table, x86::Level level) {
        for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) {
            const x86::Pte entry = memory_.load(base_of(table) + i * 8);
            if (entry.raw() == 0) continue;
            // What is not present is a leaf of its level: PS is set with P only (alloc/map/leaf_change.h).
            if (level == x86::kPte || entry.is_leaf(level) || !entry.present())
                ++leaves_[level.number()];
            else
                count(entry.next_table(), level.below());
        }
    }
    const x86::PhysMem& memory_;
    std::array<std::uint64_t, 6> leaves_{};
};

}  // namespace splinter::platforms
