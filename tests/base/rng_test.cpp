#include "hw/base/rng.h"

#include <gtest/gtest.h>

#include <vector>

namespace splinter {
namespace {

std::vector<std::uint64_t> sequence(std::uint64_t seed, std::string_view path) {
    Rng rng{seed, path};
    std::vector<std::uint64_t> values(16);
    for (std::uint64_t& value : values) value = rng.next();
    return values;
}

TEST(Rng, SameSeedAndPathGiveTheSameSequence) { EXPECT_EQ(sequence(7, "core3.background"), sequence(7, "core3.background")); }

TEST(Rng, AnotherPathGivesAnotherSequence) { EXPECT_NE(sequence(7, "core3"), sequence(7, "core4")); }

TEST(Rng, AnotherSeedGivesAnotherSequence) { EXPECT_NE(sequence(7, "core3"), sequence(8, "core3")); }

TEST(Rng, DrawingFromOneLeavesTheOtherAlone) {
    Rng first{1, "first"};
    Rng second{1, "second"};
    (void)first.next();
    EXPECT_EQ(second.next(), sequence(1, "second")[0]);
}

// Values of a second implementation, in Python with unbounded integers, of xoshiro256** seeded by SplitMix64 from
// seed ^ FNV-1a(path).
TEST(Rng, IsXoshiro256StarStar) {
    EXPECT_EQ(sequence(42, "")[0], 0x4b754824dc9b9a86U);
    EXPECT_EQ(sequence(42, "")[1], 0xf3909741e47d08e3U);
}

TEST(Rng, BelowStaysBelowItsBound) {
    Rng rng{1, "bounds"};
    for (std::uint64_t bound : {1U, 2U, 3U, 10U, 1000U})
        for (int i = 0; i < 200; ++i) EXPECT_LT(rng.below(bound), bound);
}

TEST(Rng, BelowReachesEveryValue) {
    Rng rng{1, "coverage"};
    std::vector<int> seen(10);
    for (int i = 0; i < 1000; ++i) ++seen[rng.below(10)];
    for (int count : seen) EXPECT_GT(count, 50);  // 100 expected, deterministic
}

}  // namespace
}  // namespace splinter
