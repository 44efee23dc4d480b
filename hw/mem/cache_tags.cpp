#include "hw/mem/cache_tags.h"

namespace splinter::hw {

CacheTags::CacheTags(const CacheParams& params)
    : sets_{params.bytes / kLineBytes / params.ways},
      ways_{params.ways},
      stride_{(ways_ + kLanes - 1) / kLanes * kLanes},
      reciprocal_{sets_ > 1 ? ~std::uint64_t{0} / sets_ + 1 : 0},
      tags_(sets_ * stride_, 0) {}

}  // namespace splinter::hw
