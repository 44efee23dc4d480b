#include "alloc/buddy/highatomic.h"

#include <algorithm>

namespace splinter::alloc {
namespace {

constexpr PageCount kPageblockPages = kPageblockOrder.pages();
constexpr FreeType kHighatomic{Migratetype::highatomic, Mapping::mapped};

void reserve_6_1(Zone& zone, Pfn block, BuddyWork& work) {
    zone.set_highatomic_reserved(zone.highatomic_reserved() + kPageblockPages);
    zone.set_pageblock_migratetype(block, Migratetype::highatomic);
    zone.move_pageblock(block, kHighatomic, work);
}

void reserve_6_12(Zone& zone, Pfn block, Order order, BuddyWork& work) {
    if (order < kPageblockOrder) {
        if (!zone.pageblock_inside(block)) return;
        zone.move_pageblock(block, kHighatomic, work);
        zone.set_pageblock_migratetype(block, Migratetype::highatomic);
    } else {
        zone.set_pageblocks(block, order, Migratetype::highatomic);
        ++work.pageblocks_moved;
    }
    zone.set_highatomic_reserved(zone.highatomic_reserved() + std::max(kPageblockPages, order.pages()));
}

void uncount(Zone& zone, PageCount pages) {
    zone.set_highatomic_reserved(zone.highatomic_reserved() - std::min(pages, zone.highatomic_reserved()));
}

// Returns the pages that moved.
PageCount unreserve_6_1(Zone& zone, Pfn block, FreeType type, BuddyWork& work) {
    if (zone.pageblock_freetype(block).migratetype == Migratetype::highatomic) uncount(zone, kPageblockPages);
    zone.set_pageblock_migratetype(block, type.migratetype);
    return zone.move_pageblock(block, type, work);
}

PageCount unreserve_6_12(Zone& zone, Pfn block, Order order, FreeType type, BuddyWork& work) {
    if (zone.pageblock_freetype(block).migratetype == Migratetype::highatomic)
        uncount(zone, std::max(kPageblockPages, order.pages()));
    if (order >= kPageblockOrder) {
        zone.requeue(block, type);
        zone.set_pageblocks(block, order, type.migratetype);
        ++work.pageblocks_moved;
        return order.pages();
    }
    const PageCount moved = zone.move_pageblock(block, type, work);
    zone.set_pageblock_migratetype(block, type.migratetype);
    return moved;
}

}  // namespace

bool highatomic_limit_reached(const Zone& zone) {
    const std::uint64_t block = kPageblockPages.raw();
    const std::uint64_t percent = zone.layout().managed.raw() / 100;
    const bool none = zone.rules().highatomic == HighatomicReserve::by_block && percent < block;
    const std::uint64_t most =
        zone.rules().highatomic == HighatomicReserve::by_pageblock ? percent + block : (percent + block - 1) / block * block;
    return none || zone.highatomic_reserved().raw() >= most;
}

void reserve_highatomic(Zone& zone, Pfn block, Order order, BuddyWork& work) {
    if (highatomic_limit_reached(zone)) return;
    const FreeType type = zone.pageblock_freetype(block);
    if (!mergeable(type.migratetype) || !zone.freetypes().has_list(type.with(Migratetype::highatomic))) return;
    if (zone.rules().highatomic == HighatomicReserve::by_pageblock)
        reserve_6_1(zone, block, work);
    else
        reserve_6_12(zone, block, order, work);
}

bool may_unreserve(const Zone& zone, Keep keep) {
    return keep == Keep::nothing || zone.seen().highatomic_reserved > kPageblockPages;
}

bool unreserve_highatomic(Zone& zone, FreeType type, BuddyWork& work) {
    for (Order order{0U}; order <= kMaxOrder; order = order.next()) {
        const auto block = zone.first(order, kHighatomic);
        if (!block) continue;
        const PageCount moved = zone.rules().highatomic == HighatomicReserve::by_pageblock
                                    ? unreserve_6_1(zone, *block, type, work)
                                    : unreserve_6_12(zone, *block, order, type, work);
        if (moved > PageCount{0}) return true;
    }
    return false;
}

}  // namespace splinter::alloc
