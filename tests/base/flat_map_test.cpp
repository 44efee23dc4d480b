#include "hw/base/flat_map.h"

#include <gtest/gtest.h>

#include <map>

#include "hw/base/rng.h"

namespace splinter {
namespace {

TEST(FlatMap, AddsAnEmptyValueOnceAndFindsItAgain) {
    FlatMap<int> map;
    EXPECT_TRUE(map.find_or_add(0).added);
    EXPECT_EQ(map[0], 0);
    map[0] = 5;
    EXPECT_FALSE(map.find_or_add(0).added);
    EXPECT_EQ(map[0], 5);
    EXPECT_EQ(map.size(), 1U);
}

TEST(FlatMap, AgreesWithAnOrderedMapWhileItGrows) {
    FlatMap<std::uint64_t> map;
    std::map<std::uint64_t, std::uint64_t> expected;
    Rng rng{1, "flat-map"};
    for (std::uint64_t i = 0; i < 50'000; ++i) {
        const std::uint64_t key = rng.below(2) == 0 ? rng.below(10'000) : rng.below(10'000) << 32;
        map[key] += i;
        expected[key] += i;
    }
    EXPECT_EQ(map.size(), expected.size());
    for (const auto& [key, value] : expected) ASSERT_EQ(map[key], value) << key;
}

}  // namespace
}  // namespace splinter
