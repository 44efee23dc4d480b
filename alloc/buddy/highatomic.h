// HIGHATOMIC: pageblocks set aside for requests of more than one page that may use reserves and may not block, after the slow
// path has served one of them from an ordinary pageblock; given back when memory is short. reserve_highatomic_pageblock() and
// unreserve_highatomic_pageblock() of mm/page_alloc.c, which differ:
//
//                      6.1.192                                      6.12.117
//   at most            managed / 100 + 1 pageblock                  managed / 100 rounded up to pageblocks;
//                                                                   nothing if that is less than one pageblock
//   a block of order   its first pageblock is set and counted,      all its pageblocks are set and counted; its memory
//   9 or 10            free blocks there move                       stays where it is (the block is in use)
//   at the zone's edge set and counted, even if nothing can move    only if the free blocks can move
//   given back         set to the new type before blocks move;      a whole free block of order 9 or 10 at once,
//                      1 pageblock less, at least 0                 as many pages less
//
// What calls them is the same in both: each grant of the slow path with ALLOC_HIGHATOMIC (get_page_from_freelist()), and
// __alloc_pages_direct_reclaim(), should_reclaim_retry(). Unmapped pageblocks are never reserved: that freetype has no list.
#pragma once

#include "alloc/buddy/zone.h"

namespace splinter::alloc {

// The zone may reserve no more. REQUIRES: zone lock held (the kernel asks without it first).
[[nodiscard]] bool highatomic_limit_reached(const Zone& zone);
// REQUIRES: zone lock held; `block` of `order` was just taken.
void reserve_highatomic(Zone& zone, Pfn block, Order order, BuddyWork& work);

// Asked without the lock.
enum class Keep : std::uint8_t { one_pageblock, nothing };  // !force, force
[[nodiscard]] bool may_unreserve(const Zone& zone, Keep keep);
// One pageblock, or what 6.12 has as one block, becomes `type`; whether free memory moved. REQUIRES: zone lock held.
bool unreserve_highatomic(Zone& zone, FreeType type, BuddyWork& work);

}  // namespace splinter::alloc
