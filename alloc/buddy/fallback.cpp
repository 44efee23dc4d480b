#include "alloc/buddy/fallback.h"

#include <array>

#include "alloc/buddy/kernel_rules.h"
#include "alloc/buddy/zone.h"

namespace splinter::alloc {
namespace {

using enum Migratetype;

// fallbacks[MIGRATE_PCPTYPES][MIGRATE_PCPTYPES - 1], the same in 6.1 and 6.12.
constexpr std::array<std::array<Migratetype, 2>, kPcpMigratetypes> kFallbacks{{
    {reclaimable, movable},    // unmovable
    {reclaimable, unmovable},  // movable
    {unmovable, movable},      // reclaimable
}};

// can_steal_fallback(): from half of a pageblock's order on, or if leaving an unmovable block in a foreign pageblock would do
// lasting harm.
bool may_take_pageblock(Order found, FreeType type) {
    return found.index() >= kPageblockOrder.index() / 2 || type.migratetype == reclaimable || type.migratetype == unmovable;
}

}  // namespace

std::optional<Pfn> take_block(Zone& zone, Order order, FreeType type, TakeMode& mode, BuddyWork& work,
                              Fragmenting fragmenting) {
    return zone.rules().take_block(zone, order, type, fragmenting, mode, work);
}

std::optional<FallbackSource> find_fallback(const Zone& zone, Order order, FreeType type) {
    if (static_cast<std::size_t>(type.migratetype) >= kPcpMigratetypes) return std::nullopt;
    for (Migratetype other : kFallbacks[static_cast<std::size_t>(type.migratetype)])
        if (zone.has_free(order, type.with(other))) return FallbackSource{type.with(other), may_take_pageblock(order, type)};
    return std::nullopt;
}

Order least_fallback_order(Order order, Fragmenting fragmenting) {
    return fragmenting == Fragmenting::avoided && order < kPageblockOrder ? kPageblockOrder : order;
}

bool half_is_compatible(Zone& zone, Pfn block, Order found, FreeType type, Migratetype source, Migratetype owner,
                        PageCount free) {
    const PageCount whole = kPageblockOrder.pages();
    const PageCount alike = type.migratetype != movable && owner == movable ? whole - free : PageCount{0};
    const bool half = (free + alike).raw() >= whole.raw() / 2;
    Tracepoints* const trace = zone.tracepoints();
    return trace == nullptr ? half : trace->claims({block, found, type.migratetype, source, half});
}

}  // namespace splinter::alloc
