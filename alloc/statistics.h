// Figures about free memory, as the kernel computes them: counts of blocks by order and type (mm/vmstat.c:
// pagetypeinfo_showfree(), fill_contig_page_info()), the two fragmentation indices of extfrag_debug (__fragmentation_index(),
// unusable_free_index()), and what the kernel has no name for: memory that is free and that no mapped request can have.
// Counts the free lists only; nobody may change them meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "alloc/buddy/page_allocator.h"

namespace splinter::alloc {

// Rows: the migratetypes, then one for all unmapped blocks.
inline constexpr std::size_t kCensusRows = kMigratetypes + 1;
inline constexpr std::size_t kUnmappedRow = kMigratetypes;
[[nodiscard]] constexpr std::string_view census_row_name(std::size_t row) {
    return row == kUnmappedRow ? "Unmapped" : kMigratetypeNames[row];
}
using BlockCounts = std::array<std::uint64_t, kOrders>;

using FreeBlocks = std::array<BlockCounts, kCensusRows>;
[[nodiscard]] FreeBlocks count_free_blocks(const Zone& zone);

struct ZoneCensus {
    FreeBlocks free{};
    std::array<std::uint64_t, kCensusRows> pageblocks{};

    [[nodiscard]] BlockCounts free_of_all_rows() const;
};
[[nodiscard]] ZoneCensus take_census(const Zone& zone);

[[nodiscard]] PageCount pages_of(const BlockCounts& blocks);
// Blocks of `order` that splitting could make.
[[nodiscard]] std::uint64_t obtainable(const BlockCounts& blocks, Order order);

// In thousandths, as the kernel computes them.
// Why a request for `order` would fail: towards 0 for lack of memory, towards 1000 for fragmentation; -1000: it would not.
inline constexpr std::int64_t kWouldSucceed = -1000;
[[nodiscard]] std::int64_t fragmentation_index(const BlockCounts& blocks, Order order);
// The share of free memory that is in blocks too small for `order`.
[[nodiscard]] std::int64_t unusable_free_index(const BlockCounts& blocks, Order order);

struct MemoryStatistics {
    PageCount free;                        // on the zones' lists: NR_FREE_PAGES
    std::int64_t fragmentation_index = 0;  // of order 9, in the zone where it is highest
    std::int64_t unusable_free_index = 0;  // the same
    std::uint64_t order9_obtainable = 0;   // all zones, mapped and unmapped
    std::uint64_t order10_obtainable = 0;
    PageCount stranded;  // free and unmapped, in blocks below pageblock order or on per-CPU lists: no flip can give them back
};
[[nodiscard]] MemoryStatistics take_statistics(const PageAllocator& pages);

}  // namespace splinter::alloc
