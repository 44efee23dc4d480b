#include "hw/mem/cache_tags.h"

#include <algorithm>
#include <string>

#include "hw/base/user_error.h"

namespace splinter::hw {

CacheTags::CacheTags(const CacheParams& params, std::string_view name)
    : sets_{params.bytes / kLineBytes / params.ways},
      ways_{params.ways},
      reciprocal_{sets_ > 1 ? ~std::uint64_t{0} / sets_ + 1 : 0} {
    if (sets_ == 0 || sets_ * ways_ * kLineBytes != params.bytes)
        throw UserError(std::string{name}, "found " + std::to_string(params.bytes) + " bytes in " + std::to_string(ways_) +
                                               " ways, allowed: multiples of 64 bytes times the ways");
    tags_.assign(sets_ * ways_, 0);
}

bool CacheTags::contains(PhysAddr address) const {
    const std::uint64_t line = address.raw() / kLineBytes;
    const std::uint64_t quotient = divide(line);
    const auto set = tags_.begin() + static_cast<std::ptrdiff_t>((line - quotient * sets_) * ways_);
    return std::find(set, set + static_cast<std::ptrdiff_t>(ways_), static_cast<std::uint32_t>(quotient + 1)) !=
           set + static_cast<std::ptrdiff_t>(ways_);
}

}  // namespace splinter::hw
