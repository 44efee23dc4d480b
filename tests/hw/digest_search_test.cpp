#include "hw/mmu/digest_search.h"

#include <gtest/gtest.h>

#include <vector>

namespace splinter::hw {
namespace {

constexpr auto kAny = [](std::size_t) { return true; };

// Whole blocks of digests for `count` places, all of them `all`.
std::vector<std::uint8_t> digests(std::size_t count, std::uint8_t all) {
    std::vector<std::uint8_t> bytes((count + kDigestBlock - 1) / kDigestBlock * kDigestBlock, kNoDigest);
    std::fill_n(bytes.begin(), count, all);
    return bytes;
}

TEST(DigestSearch, FindsEveryPlace) {
    for (std::size_t count = 1; count <= 40; ++count)
        for (std::size_t place = 0; place < count; ++place) {
            std::vector<std::uint8_t> bytes = digests(count, 7);
            bytes[place] = 9;
            EXPECT_EQ(find_digest(bytes.data(), count, 9, kAny), place) << count;
        }
}

TEST(DigestSearch, DoesNotFindWhatFillsUpABlock) {
    for (std::size_t count = 1; count <= 40; ++count)
        EXPECT_EQ(find_digest(digests(count, 7).data(), count, kNoDigest, kAny), kNoPlace) << count;
}

TEST(DigestSearch, GoesOnUntilAPlaceIsAccepted) {
    const auto from_21 = [](std::size_t place) { return place >= 21; };
    EXPECT_EQ(find_digest(digests(40, 7).data(), 40, 7, from_21), 21U);
    EXPECT_EQ(find_digest(digests(20, 7).data(), 20, 7, from_21), kNoPlace);
}

TEST(DigestSearch, NoTagHasTheDigestOfAnEmptyPlace) {
    for (std::uint64_t bits = 0; bits < 100'000; ++bits) ASSERT_NE(digest_of(bits), kNoDigest);
}

}  // namespace
}  // namespace splinter::hw
