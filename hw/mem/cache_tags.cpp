#include "hw/mem/cache_tags.h"

#include <string>

#include "hw/base/user_error.h"

namespace splinter::hw {

CacheTags::CacheTags(const CacheParams& params, std::string_view name)
    : sets_{params.bytes / kLineBytes / params.ways},
      ways_{params.ways},
      stride_{(ways_ + kLanes - 1) / kLanes * kLanes},
      reciprocal_{sets_ > 1 ? ~std::uint64_t{0} / sets_ + 1 : 0} {
    if (sets_ == 0 || sets_ * ways_ * kLineBytes != params.bytes)
        throw UserError(std::string{name}, "found " + std::to_string(params.bytes) + " bytes in " + std::to_string(ways_) +
                                               " ways, allowed: multiples of 64 bytes times the ways");
    tags_.assign(sets_ * stride_, 0);
}

}  // namespace splinter::hw
