#include "alloc/buddy/fallback.h"

#include <array>

namespace splinter::alloc {
namespace {

using enum Migratetype;

// fallbacks[MIGRATE_PCPTYPES][MIGRATE_PCPTYPES - 1]
constexpr std::array<std::array<Migratetype, 2>, kPcpMigratetypes> kFallbacks{{
    {reclaimable, movable},    // unmovable
    {reclaimable, unmovable},  // movable
    {unmovable, movable},      // reclaimable
}};

std::optional<FreeType> fallback_with_free(const Zone& zone, Order order, FreeType type) {
    if (static_cast<std::size_t>(type.migratetype) >= kPcpMigratetypes) return std::nullopt;
    for (Migratetype other : kFallbacks[static_cast<std::size_t>(type.migratetype)])
        if (zone.has_free(order, type.with(other))) return type.with(other);
    return std::nullopt;
}

// should_try_claim_block()
bool may_claim(Order order, FreeType type) {
    return order.index() >= kPageblockOrder.index() / 2 || type.migratetype == reclaimable || type.migratetype == unmovable;
}

// try_to_claim_block(): a whole block of pageblock order or more is taken over; else the pageblock is claimed if half of it is
// free or of a compatible type.
std::optional<Pfn> try_claim(Zone& zone, Order order, Order from, FreeType type, FreeType other, BuddyWork& work) {
    const Pfn block = *zone.first(from, other);
    const FreeType owner = zone.pageblock_freetype(block);
    if (owner.migratetype == highatomic) return std::nullopt;
    if (from >= kPageblockOrder) {
        zone.unlink(block);
        for (Pfn at = block; at < block + from.pages(); at += kPageblockOrder.pages())
            zone.set_pageblock_migratetype(at, type.migratetype);
        ++work.pageblocks_moved;
        zone.expand(block, order, from, type, work);
        return block;
    }
    if (!zone.pageblock_inside(block)) return std::nullopt;
    const PageCount free = zone.free_in_pageblock(block);
    const PageCount whole = kPageblockOrder.pages();
    const PageCount alike = type.migratetype != movable && owner.migratetype == movable ? whole - free : PageCount{0};
    if ((free + alike).raw() < whole.raw() / 2) return std::nullopt;
    zone.move_pageblock(block, type, work);
    zone.set_pageblock_migratetype(block, type.migratetype);
    return zone.take_smallest(order, type, work);
}

// __rmqueue_claim(): the largest fallback block first, so that later requests find their own lists filled.
std::optional<Pfn> claim(Zone& zone, Order order, FreeType type, BuddyWork& work) {
    for (Order from = kMaxOrder;; from = from.prev()) {
        if (const auto other = fallback_with_free(zone, from, type)) {
            if (!may_claim(from, type)) return std::nullopt;
            if (const auto block = try_claim(zone, order, from, type, *other, work)) return block;
        }
        if (from == order) return std::nullopt;
    }
}

// __rmqueue_steal(): the smallest sufficient block, whose pageblock keeps its type.
std::optional<Pfn> steal(Zone& zone, Order order, FreeType type, BuddyWork& work) {
    for (Order from = order; from <= kMaxOrder; from = from.next()) {
        const auto other = fallback_with_free(zone, from, type);
        if (!other) continue;
        const Pfn block = *zone.first(from, *other);
        zone.unlink(block);
        zone.expand(block, order, from, *other, work);
        return block;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Pfn> take_block(Zone& zone, Order order, FreeType type, TakeMode& mode, BuddyWork& work) {
    if (mode == TakeMode::normal)
        if (const auto block = zone.take_smallest(order, type, work)) return block;
    if (mode != TakeMode::steal) {
        if (const auto block = claim(zone, order, type, work)) {
            ++work.fallbacks;
            mode = TakeMode::normal;  // the own lists have blocks again
            return block;
        }
    }
    if (const auto block = steal(zone, order, type, work)) {
        ++work.fallbacks;
        mode = TakeMode::steal;
        return block;
    }
    return std::nullopt;
}

}  // namespace splinter::alloc
