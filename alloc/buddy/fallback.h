// Where a block comes from: the lists of its own type, or another migratetype's when they are empty. __rmqueue() of
// mm/page_alloc.c, whose fallback is a different one in each kernel version:
//   6.1    __rmqueue_fallback(), steal_suitable_fallback(): moves blocks to the lists of the request's type, then serves from
//   them 6.12   __rmqueue_claim(), __rmqueue_steal(): claims a pageblock, or takes one block and leaves its pageblock alone
// Fallbacks keep the flags of the freetype, so that an unmapped request finds nothing here (no other migratetype has an
// unmapped list) and a mapped request never gets an unmapped block. Leaves out: CMA, watermark boosts.
#pragma once

#include <optional>

#include "alloc/freetype.h"
#include "hw/base/types.h"

namespace splinter::alloc {

class Zone;
struct BuddyWork;

// How far a series of takes has had to go; a bulk refill keeps it, as rmqueue_bulk() of 6.12 does (enum rmqueue_mode).
enum class TakeMode : std::uint8_t { normal, claim, steal };

// ALLOC_NOFRAGMENT: a request below pageblock order takes no smaller foreign block than a pageblock. Set for the first pass
// over the zonelist if it begins with ZONE_NORMAL (alloc_flags_nofragment(), both versions).
enum class Fragmenting : std::uint8_t { allowed, avoided };

// A block of `order`. REQUIRES: zone lock held.
using TakeBlock = std::optional<Pfn> (*)(Zone& zone, Order order, FreeType type, Fragmenting fragmenting, TakeMode& mode,
                                         BuddyWork& work);
std::optional<Pfn> take_block_6_1(Zone& zone, Order order, FreeType type, Fragmenting fragmenting, TakeMode& mode,
                                  BuddyWork& work);
std::optional<Pfn> take_block_6_12(Zone& zone, Order order, FreeType type, Fragmenting fragmenting, TakeMode& mode,
                                   BuddyWork& work);

// By the rules of the zone's kernel version.
std::optional<Pfn> take_block(Zone& zone, Order order, FreeType type, TakeMode& mode, BuddyWork& work,
                              Fragmenting fragmenting = Fragmenting::allowed);

// What both versions share.
struct FallbackSource {
    FreeType type;
    bool may_take_pageblock;  // can_steal
};
// find_suitable_fallback(): the first migratetype of the fallback order that has a block of exactly `order`.
std::optional<FallbackSource> find_fallback(const Zone& zone, Order order, FreeType type);
// The smallest order that a fallback of a request for `order` considers.
Order least_fallback_order(Order order, Fragmenting fragmenting);
// Whether half of the pageblock of `block` is free or compatible with `type` (end of steal_suitable_fallback() and
// try_to_steal_block()), as far as the model knows its pages; the zone's tracepoints may know better.
bool half_is_compatible(Zone& zone, Pfn block, Order found, FreeType type, Migratetype source, Migratetype owner,
                        PageCount free);

}  // namespace splinter::alloc
