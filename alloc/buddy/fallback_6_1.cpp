// __rmqueue(), __rmqueue_fallback() and steal_suitable_fallback() of mm/page_alloc.c, Linux 6.1: blocks move to the lists of
// the request's type, and the request is served from there. The block that moves keeps its size; the rest of it stays with the
// new type whatever its pageblock says.
#include "alloc/buddy/kernel_rules.h"
#include "alloc/buddy/zone.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

struct Found {
    Order order;
    FallbackSource source;
};

// The largest block; but a movable request that cannot have the whole pageblock splits the smallest sufficient block.
std::optional<Found> choose(const Zone& zone, Order order, FreeType type, Order least) {
    for (Order at = kMaxOrder;; at = at.prev()) {
        if (const auto source = find_fallback(zone, at, type)) {
            if (source->may_take_pageblock || type.migratetype != Migratetype::movable || at == order)
                return Found{at, *source};
            break;
        }
        if (at == least) return std::nullopt;
    }
    for (Order at = order; at <= kMaxOrder; at = at.next())  // find_smallest
        if (const auto source = find_fallback(zone, at, type)) return Found{at, *source};
    SPLINTER_CHECK(false, "a fallback that was found from above is found from below");
}

// steal_suitable_fallback()
void steal(Zone& zone, Pfn block, const Found& found, FreeType type, BuddyWork& work) {
    const FreeType owner = zone.pageblock_freetype(block);
    if (owner.migratetype == Migratetype::highatomic) return zone.requeue(block, type);
    if (found.order >= kPageblockOrder) {
        zone.set_pageblocks(block, found.order, type.migratetype);
        ++work.pageblocks_moved;
        return zone.requeue(block, type);
    }
    if (!found.source.may_take_pageblock) return zone.requeue(block, type);
    const PageCount moved = zone.move_pageblock(block, type, work);
    if (moved == PageCount{0}) return zone.requeue(block, type);  // the pageblock crosses the zone's end
    if (half_is_compatible(zone, block, found.order, type, found.source.type.migratetype, owner.migratetype, moved))
        zone.set_pageblock_migratetype(block, type.migratetype);
}

}  // namespace

std::optional<Pfn> take_block_6_1(Zone& zone, Order order, FreeType type, Fragmenting fragmenting, TakeMode&, BuddyWork& work) {
    for (;;) {
        if (const auto block = zone.take_smallest(order, type, work)) return block;
        const auto found = choose(zone, order, type, least_fallback_order(order, fragmenting));
        if (!found) return std::nullopt;
        const Pfn block = *zone.first(found->order, found->source.type);
        steal(zone, block, *found, type, work);
        ++work.fallbacks;
        zone.report({block, order, found->order, type.migratetype, found->source.type.migratetype,
                     zone.pageblock_freetype(block).migratetype == type.migratetype});
    }
}

}  // namespace splinter::alloc
