// When a zone may serve a request: __zone_watermark_ok(), zone_watermark_fast(), gfp_to_alloc_flags() of mm/page_alloc.c, Linux
// 6.1 and 6.12. Leaves out: ALLOC_OOM and ALLOC_NO_WATERMARKS (no task is killed, none reclaims), realtime tasks, watermark
// boosts, CMA, cpusets.
#pragma once

#include "alloc/buddy/fallback.h"
#include "alloc/buddy/zone.h"

namespace splinter::alloc {

enum class Mark : std::uint8_t { min, low, high };

// alloc_flags, as far as the modelled paths read them.
struct AllocFlags {
    Mark mark = Mark::low;                           // ALLOC_WMARK_MASK
    Fragmenting fragmenting = Fragmenting::allowed;  // ALLOC_NOFRAGMENT
    bool min_reserve = false;                        // ALLOC_MIN_RESERVE (once ALLOC_HIGH)
    bool non_block = false;                          // ALLOC_NON_BLOCK (once ALLOC_HARDER)
    bool highatomic = false;                         // ALLOC_HIGHATOMIC
    [[nodiscard]] bool uses_reserves() const { return min_reserve || non_block || highatomic; }  // ALLOC_RESERVES
};

// gfp_to_alloc_flags(): the slow path's. The fast path's are the low mark and no reserves.
[[nodiscard]] AllocFlags slow_path_flags(const AllocRequest& request);

// Free pages that the zone keeps from requests which prefer a higher zone (lowmem_reserve[highest_zoneidx]).
[[nodiscard]] PageCount lowmem_reserve(const ZoneLayout& layout);
[[nodiscard]] PageCount mark_of(const ZoneLayout& layout, Mark mark);

// __zone_watermark_ok(): enough free pages above `mark`, and for an order above 0 a free block of at least that order of a
// type that per-CPU lists serve, whether the request may have it or not.
[[nodiscard]] bool watermark_ok(const Zone& zone, const ZoneView& view, Order order, PageCount mark, const AllocFlags& flags);
// As the zone is now. REQUIRES: zone lock held.
[[nodiscard]] bool watermark_ok(const Zone& zone, Order order, PageCount mark, const AllocFlags& flags);
// As it was when its lock was last released.
[[nodiscard]] bool watermark_seen_ok(const Zone& zone, Order order, PageCount mark, const AllocFlags& flags);

}  // namespace splinter::alloc
