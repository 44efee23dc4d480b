#include "alloc/statistics.h"

#include <algorithm>

namespace splinter::alloc {

namespace {

constexpr std::int64_t kThousand = 1000;

std::size_t row_of(FreeType type) {
    return type.mapping() == Mapping::unmapped ? kUnmappedRow : static_cast<std::size_t>(type.migratetype);
}

}  // namespace

BlockCounts ZoneCensus::free_of_all_rows() const {
    BlockCounts sum{};
    for (const BlockCounts& row : free)
        for (std::size_t order = 0; order < kOrders; ++order) sum[order] += row[order];
    return sum;
}

FreeBlocks count_free_blocks(const Zone& zone) {
    FreeBlocks free{};
    zone.for_each_free(
        [&](Pfn, Order order, std::size_t list) { ++free[row_of(zone.freetypes().type_of(list))][order.index()]; });
    return free;
}

ZoneCensus take_census(const Zone& zone) {
    ZoneCensus census{count_free_blocks(zone), {}};
    const PfnRange& span = zone.layout().span;
    for (Pfn at = span.first; at < span.end();
         at = Pfn{(at.raw() / kPageblockOrder.pages().raw() + 1) * kPageblockOrder.pages().raw()})
        ++census.pageblocks[row_of(zone.pageblock_freetype(at))];
    return census;
}

PageCount pages_of(const BlockCounts& blocks) {
    std::uint64_t pages = 0;
    for (std::size_t order = 0; order < kOrders; ++order) pages += blocks[order] << order;
    return PageCount{pages};
}

std::uint64_t obtainable(const BlockCounts& blocks, Order order) {
    std::uint64_t count = 0;
    for (std::size_t high = order.index(); high < kOrders; ++high) count += blocks[high] << (high - order.index());
    return count;
}

std::int64_t fragmentation_index(const BlockCounts& blocks, Order order) {
    std::int64_t total = 0;
    for (const std::uint64_t count : blocks) total += static_cast<std::int64_t>(count);
    if (total == 0) return 0;
    if (obtainable(blocks, order) > 0) return kWouldSucceed;
    const auto pages = static_cast<std::int64_t>(pages_of(blocks).raw());
    const auto requested = static_cast<std::int64_t>(order.pages().raw());
    return kThousand - (kThousand + pages * kThousand / requested) / total;
}

std::int64_t unusable_free_index(const BlockCounts& blocks, Order order) {
    const auto pages = static_cast<std::int64_t>(pages_of(blocks).raw());
    if (pages == 0) return kThousand;
    const auto usable = static_cast<std::int64_t>(obtainable(blocks, order) * order.pages().raw());
    return (pages - usable) * kThousand / pages;
}

MemoryStatistics take_statistics(const PageAllocator& pages) {
    MemoryStatistics all;
    all.fragmentation_index = kWouldSucceed;
    PageCount unmapped_on_lists;
    PageCount unmapped_pageblocks;
    for (const Zone& zone : pages.zones()) {
        const ZoneCensus census = take_census(zone);
        const BlockCounts blocks = census.free_of_all_rows();
        all.free += zone.free_pages();
        all.fragmentation_index = std::max(all.fragmentation_index, fragmentation_index(blocks, kPageblockOrder));
        all.unusable_free_index = std::max(all.unusable_free_index, unusable_free_index(blocks, kPageblockOrder));
        all.order9_obtainable += obtainable(blocks, kPageblockOrder);
        all.order10_obtainable += obtainable(blocks, kMaxOrder);
        unmapped_on_lists += pages_of(census.free[kUnmappedRow]);
        unmapped_pageblocks +=
            PageCount{obtainable(census.free[kUnmappedRow], kPageblockOrder) * kPageblockOrder.pages().raw()};
    }
    const PageCount on_cpus = pages.unmapped_free_pages() - unmapped_on_lists;
    all.stranded = unmapped_on_lists - unmapped_pageblocks + on_cpus;
    return all;
}

}  // namespace splinter::alloc
