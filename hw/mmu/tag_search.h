// Finding one of two 64-bit tags among the tags of a set, two at a time (SSE2), without a branch per way: which way hits is not
// predictable.
#pragma once

#include <emmintrin.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace splinter::hw {

inline constexpr std::size_t kNoTag = ~std::size_t{0};

// Index of the first tag that equals `a` or `b`, or kNoTag. REQUIRES: `count` is even.
inline std::size_t find_tag(const std::uint64_t* tags, std::size_t count, std::uint64_t a, std::uint64_t b) {
    constexpr std::size_t kBlock = 16;
    const __m128i a_lanes = _mm_set1_epi64x(static_cast<long long>(a));
    const __m128i b_lanes = _mm_set1_epi64x(static_cast<long long>(b));
    for (std::size_t block = 0; block < count; block += kBlock) {
        const std::size_t end = std::min(count, block + kBlock);
        unsigned hits = 0;
        for (std::size_t i = block; i < end; i += 2) {
            const __m128i pair = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags + i));
            // SSE2 compares 32 bits: both halves must be equal. (A half that equals a's and one that equals b's is no hit.)
            const __m128i is_a = _mm_cmpeq_epi32(pair, a_lanes);
            const __m128i is_b = _mm_cmpeq_epi32(pair, b_lanes);
            const __m128i hit = _mm_or_si128(_mm_and_si128(is_a, _mm_shuffle_epi32(is_a, _MM_SHUFFLE(2, 3, 0, 1))),
                                             _mm_and_si128(is_b, _mm_shuffle_epi32(is_b, _MM_SHUFFLE(2, 3, 0, 1))));
            hits |= static_cast<unsigned>(_mm_movemask_pd(_mm_castsi128_pd(hit))) << (i - block);
        }
        if (hits != 0) return block + static_cast<std::size_t>(std::countr_zero(hits));
    }
    return kNoTag;
}

}  // namespace splinter::hw
