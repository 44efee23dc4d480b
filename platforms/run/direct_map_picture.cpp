#include "platforms/run/direct_map_picture.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "alloc/layout.h"

namespace splinter::platforms {

namespace {

// Every leaf below the root in the order of addresses, also those that are not present: visit(first page of the map, level,
// entry).
template <class Visit>
void walk(const x86::PhysMem& memory, Pfn table, x86::Level level, std::uint64_t first_page, Visit&& visit) {
    for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) {
        const x86::Pte entry = memory.load(base_of(table) + i * 8);
        if (entry.raw() == 0) continue;
        const std::uint64_t page = first_page + i * level.pages().raw();
        // What is not present is a leaf of its level: PS is set with P only (alloc/map/leaf_change.h).
        if (level == x86::kPte || entry.is_leaf(level) || !entry.present())
            visit(page, level, entry);
        else
            walk(memory, entry.next_table(), level.below(), page, visit);
    }
}

template <class Visit>
void walk_direct_map(const x86::PhysMem& memory, Pfn root, Visit&& visit) {
    const std::uint64_t first = x86::kPml4e.index(alloc::layout::kDirectMap);
    const std::uint64_t end = x86::kPml4e.index(alloc::layout::kVmemmap);
    for (std::uint64_t i = first; i < end; ++i) {
        const x86::Pte entry = memory.load(base_of(root) + i * 8);
        if (entry.present()) walk(memory, entry.next_table(), x86::kPdpte, (i - first) * x86::kPml4e.pages().raw(), visit);
    }
}

void add_leaf(DirectMapCell& cell, x86::Level level, x86::Pte entry, std::uint64_t pages) {
    if (level == x86::kPte) cell.pages_4k += pages;
    if (level == x86::kPde) cell.pages_2m += pages;
    if (level == x86::kPdpte) cell.pages_1g += pages;
    if (!entry.present()) cell.unmapped += pages;
    if (entry.key() != 0) cell.keyed += pages;
}

}  // namespace

DirectMapPicture take_direct_map_picture(const x86::PhysMem& memory, Pfn root) {
    std::uint64_t end_page = 1;
    walk_direct_map(memory, root, [&](std::uint64_t page, x86::Level level, x86::Pte) {
        end_page = std::max(end_page, page + level.pages().raw());
    });
    const std::uint64_t cell_pages = std::bit_ceil((end_page + kMostDirectMapCells - 1) / kMostDirectMapCells);
    std::vector<DirectMapCell> cells((end_page + cell_pages - 1) / cell_pages);
    walk_direct_map(memory, root, [&](std::uint64_t page, x86::Level level, x86::Pte entry) {
        const std::uint64_t end = page + level.pages().raw();
        while (page < end) {
            const std::uint64_t cell = page / cell_pages;
            const std::uint64_t pages = std::min(end, (cell + 1) * cell_pages) - page;
            add_leaf(cells[cell], level, entry, pages);
            page += pages;
        }
    });
    DirectMapPicture out;
    out.cell_bytes = cell_pages * kPageBytes;
    for (const DirectMapCell& cell : cells) {
        if (out.runs.empty() || !(out.runs.back().cell == cell)) out.runs.push_back({0, cell});
        ++out.runs.back().cells;
    }
    return out;
}

}  // namespace splinter::platforms
