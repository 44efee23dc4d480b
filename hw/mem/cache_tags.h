// The tags of one set-associative cache of 64-byte lines, without data: which lines it holds. True LRU. Pure.
//
// One 32-bit tag per line, each set kept in the order of last use: a look-up is a comparison of vectors (SSE2), aging and fill
// shift them by one tag, without branches, in one or two lines of the host's cache. Any number of sets: the set is the line
// number modulo that. Real last-level caches hash the address over slices by functions that are not published; modulo spreads
// pages as evenly. Leaves out: pseudo-LRU and adaptive replacement of real parts, dirty lines, prefetchers.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <vector>

#include "hw/machine_params.h"

namespace splinter::hw {

class CacheTags {
  public:
    static constexpr std::uint64_t kLineBytes = kCacheLineBytes;

    // REQUIRES: params.check() lets them pass.
    explicit CacheTags(const CacheParams& params);

    // Makes the line of `address` the most recently used of its set. False: a miss; the line has replaced the least recently
    // used one. REQUIRES: line number / sets fits into 32 bits (256 GiB per set).
    bool access(PhysAddr address) {
        const Place place = find(address);
        if ((place.matches & 1) != 0) return true;  // it is already
        move_to_front(place);
        return place.matches != 0;
    }
    // Changes nothing.
    [[nodiscard]] bool contains(PhysAddr address) const { return find(address).matches != 0; }
    [[nodiscard]] std::uint64_t sets() const { return sets_; }

  private:
    // line / sets by a multiplication: exact while line * sets is below 2^64 (Granlund and Montgomery, PLDI 1994).
    [[nodiscard]] std::uint64_t divide(std::uint64_t line) const {
        __extension__ using Wide = unsigned __int128;
        return sets_ == 1 ? line : static_cast<std::uint64_t>((Wide{line} * reciprocal_) >> 64);
    }
    static constexpr std::size_t kLanes = 4;  // tags in a vector register
    struct Place {
        std::size_t set;  // index of its first tag
        std::uint32_t tag;
        std::uint64_t matches;  // bit i: way i holds the line
    };
    [[nodiscard]] static __m128i* vector_at(const std::uint32_t* tags) {
        return reinterpret_cast<__m128i*>(const_cast<std::uint32_t*>(tags));
    }
    [[nodiscard]] Place find(PhysAddr address) const {
        const std::uint64_t line = address.raw() / kLineBytes;
        const std::uint64_t quotient = divide(line);
        Place place{(line - quotient * sets_) * stride_, static_cast<std::uint32_t>(quotient + 1), 0};
        const __m128i wanted = _mm_set1_epi32(static_cast<int>(place.tag));
        for (std::size_t way = 0; way < stride_; way += kLanes) {
            const __m128i equal = _mm_cmpeq_epi32(_mm_load_si128(vector_at(&tags_[place.set + way])), wanted);
            place.matches |= static_cast<std::uint64_t>(_mm_movemask_ps(_mm_castsi128_ps(equal))) << way;
        }
        return place;
    }
    // Each tag moves one place back, up to where the line was or to the last way; the line's goes to the front.
    void move_to_front(const Place& place) {
        const int last = std::countr_zero(place.matches | std::uint64_t{1} << (ways_ - 1));
        const __m128i end = _mm_set1_epi32(last + 1);
        __m128i lane = _mm_setr_epi32(0, 1, 2, 3);
        __m128i carried = _mm_cvtsi32_si128(static_cast<int>(place.tag));  // goes to lane 0 of the next vector
        for (std::size_t way = 0; way < stride_; way += kLanes) {
            __m128i* const at = vector_at(&tags_[place.set + way]);
            const __m128i old = _mm_load_si128(at);
            const __m128i moved = _mm_or_si128(_mm_slli_si128(old, 4), carried);
            const __m128i moves = _mm_cmpgt_epi32(end, lane);
            _mm_store_si128(at, _mm_or_si128(_mm_and_si128(moves, moved), _mm_andnot_si128(moves, old)));
            carried = _mm_srli_si128(old, 12);
            lane = _mm_add_epi32(lane, _mm_set1_epi32(kLanes));
        }
    }
    std::uint64_t sets_;
    std::uint64_t ways_;
    std::uint64_t stride_;             // ways rounded up to whole vectors; what is beyond the ways stays empty
    std::uint64_t reciprocal_;         // 2^64 / sets, rounded up
    std::vector<std::uint32_t> tags_;  // line / sets + 1, the most recently used first; 0: empty
};

}  // namespace splinter::hw
