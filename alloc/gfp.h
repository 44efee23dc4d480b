// What an allocation asks for: the part of gfp_t and alloc_flags that the modelled paths read.
#pragma once

#include <optional>

#include "alloc/freetype.h"
#include "hw/base/types.h"

namespace splinter::alloc {

class NodeId : public Quantity<class NodeIdTag, std::uint8_t> {
  public:
    using Quantity::Quantity;
};

class ZoneIndex : public Quantity<class ZoneIndexTag, std::uint8_t> {
  public:
    using Quantity::Quantity;
};

// enum zone_type. A node has at most one zone of each.
enum class ZoneKind : std::uint8_t { dma, dma32, normal, movable };
inline constexpr std::size_t kZoneKinds = 4;

// __GFP_DIRECT_RECLAIM: without it the caller may not wait for a TLB shootdown (ALLOC_NOBLOCK). The callers that take no lock
// which they would have to wait for (ALLOC_NOLOCK, alloc_pages_nolock()) never pass it, and so are ALLOC_NOBLOCK too.
enum class Blocking : std::uint8_t { may_block, may_not_block };

// __GFP_ZERO
enum class Contents : std::uint8_t { any, zeroed };
// __GFP_HIGH: may go below the minimum watermark, to half of it, or to three eighths if it may not block either.
enum class Reserves : std::uint8_t { untouched, may_use };

// Pages of the flagged freetypes that ordinary requests leave (PageAllocator::keep()): for splits of the direct map, which need
// a page-table page of that kind and cannot wait for a flip. An ALLOC_ flag, as __GFP_PGTABLE_SPLIT in kpkeys v6 [I].
enum class KeptPages : std::uint8_t { left, may_use };

// How hard the slow path tries: __GFP_NORETRY, nothing, __GFP_RETRY_MAYFAIL.
enum class Effort : std::uint8_t { no_retry, normal, retry_may_fail };

struct AllocRequest {
    Order order{0U};
    FreeType freetype;
    Blocking blocking = Blocking::may_block;
    std::optional<ZoneIndex> only_zone{};  // a recorded allocation stays in its zone; otherwise the zonelist decides
    Contents contents = Contents::any;
    Reserves reserves = Reserves::untouched;
    Effort effort = Effort::normal;
    ZoneKind highest_zone = ZoneKind::movable;  // gfp_zone(): the zonelist begins there; movable: at the highest that there is
    KeptPages kept = KeptPages::left;

    // The zone is on the part of the zonelist that the request may use.
    [[nodiscard]] bool may_use(ZoneIndex zone, ZoneKind kind) const {
        return only_zone ? *only_zone == zone : kind <= highest_zone;
    }
    [[nodiscard]] AllocRequest with(FreeType other) const {
        AllocRequest request = *this;
        request.freetype = other;
        return request;
    }
};

}  // namespace splinter::alloc
