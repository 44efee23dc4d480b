// Finding one of two 64-bit tags among the tags of a set, four at a time (SSE2), without a branch per way: which way hits is
// not predictable.
#pragma once

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace splinter::hw {

inline constexpr std::size_t kNoTag = ~std::size_t{0};

// What a search looks for, in every lane: one tag, or either of two.
class OneTag {
  public:
    explicit OneTag(std::uint64_t tag) : lanes_{_mm_set1_epi64x(static_cast<long long>(tag))} {}
    // SSE2 compares 32 bits: all ones in lane i if the halves of tag i are both equal.
    [[nodiscard]] __m128i matches(__m128i first_two, __m128i last_two) const {
        const __m128 low = _mm_castsi128_ps(_mm_cmpeq_epi32(first_two, lanes_));
        const __m128 high = _mm_castsi128_ps(_mm_cmpeq_epi32(last_two, lanes_));
        return _mm_and_si128(_mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0))),
                             _mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1))));
    }

  private:
    __m128i lanes_;
};

class EitherTag {
  public:
    EitherTag(std::uint64_t a, std::uint64_t b) : a_{a}, b_{b} {}
    [[nodiscard]] __m128i matches(__m128i first_two, __m128i last_two) const {
        return _mm_or_si128(a_.matches(first_two, last_two), b_.matches(first_two, last_two));
    }

  private:
    OneTag a_;
    OneTag b_;
};

// Index of the first tag that is wanted, or kNoTag. REQUIRES: `count` is even.
template <class Wanted>
[[gnu::always_inline]] inline std::size_t find_tag(const std::uint64_t* tags, std::size_t count, Wanted wanted) {
    constexpr std::size_t kBlock = 32;
    const auto two = [tags](std::size_t i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags + i)); };
    for (std::size_t block = 0; block < count; block += kBlock) {
        const std::size_t end = std::min(count, block + kBlock);
        std::uint64_t hits = 0;
        std::size_t i = block;
        for (; i + 4 <= end; i += 4) {
            const __m128i match = wanted.matches(two(i), two(i + 2));
            hits |= std::uint64_t(static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(match)))) << (i - block);
        }
        if (i < end) {
            const __m128i match = wanted.matches(two(i), two(i));
            hits |= std::uint64_t(static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(match))) & 3) << (i - block);
        }
        if (hits != 0) return block + static_cast<std::size_t>(std::countr_zero(hits));
    }
    return kNoTag;
}

}  // namespace splinter::hw
