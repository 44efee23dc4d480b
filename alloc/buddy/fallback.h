// Where a block comes from when the lists of its own freetype are empty: __rmqueue() with __rmqueue_claim() and
// __rmqueue_steal() of mm/page_alloc.c, Linux 6.12. Fallbacks keep the flags of the freetype, so that an unmapped request finds
// nothing here (no other migratetype has an unmapped list) and a mapped request never gets an unmapped block.
// Leaves out: HIGHATOMIC and CMA, defrag_mode, LRU pages when a block is judged (the model does not know them).
#pragma once

#include "alloc/buddy/zone.h"

namespace splinter::alloc {

// How far a series of takes has had to go; a bulk refill keeps it, as rmqueue_bulk() does (enum rmqueue_mode).
enum class TakeMode : std::uint8_t { normal, claim, steal };

// __rmqueue(): a block of `order`, of the type's own lists or claimed or stolen. REQUIRES: zone lock held.
std::optional<Pfn> take_block(Zone& zone, Order order, FreeType type, TakeMode& mode, BuddyWork& work);

}  // namespace splinter::alloc
