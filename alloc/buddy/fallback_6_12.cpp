// __rmqueue(), __rmqueue_claim(), try_to_steal_block() and __rmqueue_steal() of mm/page_alloc.c, Linux 6.12 (6.12.117 has the
// split into claim and steal of 6.15): a whole pageblock changes hands, or one block is taken and its pageblock left alone.
#include "alloc/buddy/kernel_rules.h"
#include "alloc/buddy/zone.h"

namespace splinter::alloc {
namespace {

// try_to_steal_block()
std::optional<Pfn> try_claim(Zone& zone, Order order, Order found, FreeType type, FreeType source, BuddyWork& work) {
    const Pfn block = *zone.first(found, source);
    const FreeType owner = zone.pageblock_freetype(block);
    if (owner.migratetype == Migratetype::highatomic) return std::nullopt;
    // `early` looks for freetypes without a list. The rest of the block then stays what it was [I]: the kernel would index its
    // lists with -1.
    const bool listed = zone.freetypes().has_list(type);
    if (!listed && order < kPageblockOrder) return std::nullopt;
    if (found >= kPageblockOrder) {
        zone.unlink(block);
        zone.set_pageblocks(block, listed ? found : order, type.migratetype);
        ++work.pageblocks_moved;
        zone.expand(block, order, found, listed ? type : source, work);
        return block;
    }
    if (!zone.pageblock_inside(block) || !zone.has_uniform_flags(block)) return std::nullopt;
    const PageCount free = zone.free_in_pageblock(block);
    if (!half_is_compatible(zone, block, found, type, source.migratetype, owner.migratetype, free)) return std::nullopt;
    zone.move_pageblock(block, type, work);
    zone.set_pageblock_migratetype(block, type.migratetype);
    return zone.take_smallest(order, type, work);
}

void report(Zone& zone, Pfn block, Order order, Order found, FreeType type, FreeType source, BuddyWork& work) {
    ++work.fallbacks;
    zone.report({block, order, found, type.migratetype, source.migratetype,
                 zone.pageblock_freetype(block).migratetype == type.migratetype});
}

// __rmqueue_claim(): the largest fallback block first, so that later requests find their own lists filled.
std::optional<Pfn> claim(Zone& zone, Order order, FreeType type, Fragmenting fragmenting, BuddyWork& work) {
    const Order least = least_fallback_order(order, fragmenting);
    for (Order found = kMaxOrder;; found = found.prev()) {
        if (const auto source = find_fallback(zone, found, type)) {
            if (!source->may_take_pageblock) return std::nullopt;
            if (const auto block = try_claim(zone, order, found, type, source->type, work)) {
                report(zone, *block, order, found, type, source->type, work);
                return block;
            }
        }
        if (found == least) return std::nullopt;
    }
}

// __rmqueue_steal(): the smallest sufficient block, whose pageblock keeps its type.
std::optional<Pfn> steal(Zone& zone, Order order, FreeType type, BuddyWork& work) {
    for (Order found = order; found <= kMaxOrder; found = found.next()) {
        const auto source = find_fallback(zone, found, type);
        if (!source) continue;
        const Pfn block = *zone.first(found, source->type);
        zone.unlink(block);
        zone.expand(block, order, found, source->type, work);
        report(zone, block, order, found, type, source->type, work);
        return block;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Pfn> take_block_6_12(Zone& zone, Order order, FreeType type, Fragmenting fragmenting, TakeMode& mode,
                                   BuddyWork& work) {
    if (mode == TakeMode::normal)
        if (const auto block = zone.take_smallest(order, type, work)) return block;
    if (mode != TakeMode::steal) {
        if (const auto block = claim(zone, order, type, fragmenting, work)) {
            mode = TakeMode::normal;  // the own lists have blocks again
            return block;
        }
    }
    if (fragmenting == Fragmenting::avoided) return std::nullopt;
    const auto block = steal(zone, order, type, work);
    if (block) mode = TakeMode::steal;
    return block;
}

}  // namespace splinter::alloc
