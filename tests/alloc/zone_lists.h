// Reading the free lists of a zone in tests.
#pragma once

#include <vector>

#include "alloc/buddy/zone.h"

namespace splinter::alloc {

// The blocks of one list, head first; wilderness blocks stand behind the listed ones.
inline std::vector<Pfn> blocks_of(const Zone& zone, Order order, FreeType type) {
    std::vector<Pfn> blocks;
    zone.for_each_free([&](Pfn block, Order at, std::size_t list) {
        if (at == order && list == zone.freetypes().of(type)) blocks.push_back(block);
    });
    return blocks;
}

// Recount of the pages on all lists.
inline PageCount pages_on_lists(const Zone& zone) {
    PageCount pages;
    zone.for_each_free([&](Pfn, Order order, std::size_t) { pages += order.pages(); });
    return pages;
}

inline Pfn after(Pfn pfn, std::uint64_t pages) { return pfn + PageCount{pages}; }

inline constexpr FreeType kReclaimable{Migratetype::reclaimable, Mapping::mapped};

// How tests print frame numbers.
inline std::vector<std::uint64_t> raw(const std::vector<Pfn>& blocks) {
    std::vector<std::uint64_t> numbers;
    for (Pfn block : blocks) numbers.push_back(block.raw());
    return numbers;
}

}  // namespace splinter::alloc
