// Finding a tag among many by one byte of each: sixteen at a time (SSE2), without a branch per way, for which way hits is not
// predictable. A digest only suggests: whoever searches compares the whole tag of each candidate.
#pragma once

#include <emmintrin.h>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace splinter::hw {

inline constexpr std::size_t kDigestBlock = 16;  // digests are kept in whole blocks
inline constexpr std::uint8_t kNoDigest = 0;     // of an empty place, and what fills up a block

// Never kNoDigest. The upper bits of the product depend on all of `bits`.
constexpr std::uint8_t digest_of(std::uint64_t bits) {
    const auto digest = static_cast<std::uint8_t>(bits * 0x9e3779b97f4a7c15U >> 56);
    return digest == kNoDigest ? std::uint8_t{1} : digest;
}

// The first of `count` places whose digest is `wanted` and which accepts(place); kNoPlace if there is none. `digests` holds
// whole blocks.
inline constexpr std::size_t kNoPlace = ~std::size_t{0};
inline __m128i all_of(std::uint8_t digest) { return _mm_set1_epi8(static_cast<char>(digest)); }
// `all_wanted`: all_of(wanted). REQUIRES: there is a block, and accepts() refuses the places that fill up the last one.
template <class Accepts>
[[gnu::always_inline]] inline std::size_t find_digest(const std::uint8_t* digests, std::size_t count, __m128i all_wanted,
                                                      Accepts&& accepts) {
    std::size_t block = 0;
    do {
        const __m128i found = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(digests + block)), all_wanted);
        for (auto hits = static_cast<unsigned>(_mm_movemask_epi8(found)); hits != 0; hits &= hits - 1) {
            const std::size_t place = block + static_cast<std::size_t>(std::countr_zero(hits));
            if (accepts(place)) [[likely]]
                return place;
        }
        block += kDigestBlock;
    } while (block < count);
    return kNoPlace;
}
template <class Accepts>
[[gnu::always_inline]] inline std::size_t find_digest(const std::uint8_t* digests, std::size_t count, std::uint8_t wanted,
                                                      Accepts&& accepts) {
    if (count == 0) return kNoPlace;
    return find_digest(digests, count, all_of(wanted), [&](std::size_t place) { return place < count && accepts(place); });
}

}  // namespace splinter::hw
