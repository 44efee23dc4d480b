// The tags of one set-associative cache of 64-byte lines, without data: which lines it holds. True LRU. Pure.
//
// One 32-bit tag per line, each set kept in the order of last use, so that a look-up, the aging and the fill are one pass over
// a set that fills one or two lines of the host's cache. Any number of sets: the set is the line number modulo that. Real last-
// level caches hash the address over slices by functions that are not published; modulo spreads pages as evenly. Leaves out:
// pseudo-LRU and adaptive replacement of real parts, dirty lines, prefetchers.
#pragma once

#include <string_view>
#include <vector>

#include "hw/machine_params.h"

namespace splinter::hw {

class CacheTags {
  public:
    static constexpr std::uint64_t kLineBytes = 64;

    // Throws UserError, naming `name`, if the size is not a whole number of sets.
    CacheTags(const CacheParams& params, std::string_view name);

    // Makes the line of `address` the most recently used of its set. False: a miss; the line has replaced the least recently
    // used one. REQUIRES: line number / sets fits into 32 bits (256 GiB per set).
    bool access(PhysAddr address) {
        const std::uint64_t line = address.raw() / kLineBytes;
        const std::uint64_t quotient = divide(line);
        std::uint32_t* const set = &tags_[(line - quotient * sets_) * ways_];
        const auto wanted = static_cast<std::uint32_t>(quotient + 1);
        std::uint32_t newer = wanted;
        for (std::size_t way = 0; way < ways_; ++way) {   // each tag moves one place back, up to where the line was
            const std::uint32_t tag = set[way];
            set[way] = newer;
            if (tag == wanted) return true;
            newer = tag;
        }
        return false;
    }
    // Changes nothing.
    [[nodiscard]] bool contains(PhysAddr address) const;
    [[nodiscard]] std::uint64_t sets() const { return sets_; }

  private:
    // line / sets by a multiplication: exact while line * sets is below 2^64 (Granlund and Montgomery, PLDI 1994).
    [[nodiscard]] std::uint64_t divide(std::uint64_t line) const {
        __extension__ using Wide = unsigned __int128;
        return sets_ == 1 ? line : static_cast<std::uint64_t>((Wide{line} * reciprocal_) >> 64);
    }
    std::uint64_t sets_;
    std::uint64_t ways_;
    std::uint64_t reciprocal_;          // 2^64 / sets, rounded up
    std::vector<std::uint32_t> tags_;   // line / sets + 1, the most recently used first; 0: empty
};

}  // namespace splinter::hw
