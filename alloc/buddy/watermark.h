// When a zone may serve a request: __zone_watermark_ok(), zone_watermark_fast(), gfp_to_alloc_flags() of mm/page_alloc.c, Linux
// 6.1 and 6.12. Leaves out: ALLOC_OOM and ALLOC_NO_WATERMARKS (no task is killed, none reclaims), realtime tasks, watermark
// boosts, CMA, cpusets.
#pragma once

#include <algorithm>

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
    ZoneKind highest_zone = ZoneKind::movable;       // highest_zoneidx, which the kernel passes beside them
    [[nodiscard]] bool uses_reserves() const { return min_reserve || non_block || highatomic; }  // ALLOC_RESERVES
};

// The fast path's: the low mark and no reserves.
[[nodiscard]] inline AllocFlags fast_path_flags(const AllocRequest& request) { return {.highest_zone = request.highest_zone}; }
// gfp_to_alloc_flags(): the slow path's.
[[nodiscard]] AllocFlags slow_path_flags(const AllocRequest& request);

[[nodiscard]] inline PageCount mark_of(const ZoneLayout& layout, Mark mark) {
    if (mark == Mark::high) return layout.watermark_high;
    if (mark == Mark::low) return std::max(layout.watermark_low, layout.watermark_min);
    return layout.watermark_min;
}

// What a request without reserves may not have of the HIGHATOMIC reserve.
[[nodiscard]] inline PageCount unusable_highatomic(const Zone& zone, const ZoneView& view) {
    return zone.rules().highatomic == HighatomicReserve::by_pageblock ? view.highatomic_reserved : view.highatomic_free;
}

// __zone_watermark_ok(): enough free pages above `mark`, and for an order above 0 a free block of at least that order of a
// type that per-CPU lists serve, whether the request may have it or not.
[[nodiscard]] bool watermark_ok(const Zone& zone, const ZoneView& view, Order order, PageCount mark, const AllocFlags& flags);
// As the zone is now. REQUIRES: zone lock held.
[[nodiscard]] bool watermark_ok(const Zone& zone, Order order, PageCount mark, const AllocFlags& flags);
// As it was when its lock was last released; in line where zone_watermark_fast() has its short cut.
[[nodiscard]] inline bool watermark_seen_ok(const Zone& zone, Order order, PageCount mark, const AllocFlags& flags) {
    if (order > Order{0U} || flags.uses_reserves()) return watermark_ok(zone, zone.seen(), order, mark, flags);
    return zone.seen().free > mark + zone.lowmem_reserve(flags.highest_zone) + unusable_highatomic(zone, zone.seen());
}

}  // namespace splinter::alloc
