#include "hw/base/types.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace splinter {
namespace {

// What must not compile is asserted here: a quantity neither comes from a bare number nor turns into another quantity.
static_assert(!std::is_convertible_v<std::uint64_t, Cycles>);
static_assert(!std::is_convertible_v<Cycles, std::uint64_t>);
static_assert(!std::is_constructible_v<Pfn, PhysAddr>);
static_assert(!std::is_constructible_v<PhysAddr, VirtAddr>);
static_assert(!std::is_constructible_v<CpuId, Order>);

TEST(Types, AddressesAndFramesConvertByThePageShift) {
    EXPECT_EQ(base_of(Pfn{3}), PhysAddr{0x3000});
    EXPECT_EQ(pfn_of(PhysAddr{0x3fff}), Pfn{3});
    EXPECT_EQ(pfn_of(PhysAddr{0x4000}), Pfn{4});
}

TEST(Types, AnOrderCountsPowersOfTwo) {
    EXPECT_EQ(Order{0U}.pages(), PageCount{1});
    EXPECT_EQ(Order{10U}.pages(), PageCount{1024});
    EXPECT_EQ(Order{3U}.next(), Order{4U});
    EXPECT_EQ(Order{3U}.prev(), Order{2U});
}

TEST(Types, ADifferenceOfFramesIsANumberOfPages) {
    EXPECT_EQ(Pfn{12} - Pfn{5}, PageCount{7});
    EXPECT_EQ(Pfn{5} + PageCount{7}, Pfn{12});
}

TEST(Types, ARangeEndsBeforeItsEnd) {
    const PfnRange range{Pfn{8}, PageCount{4}};
    EXPECT_EQ(range.end(), Pfn{12});
    EXPECT_FALSE(range.contains(Pfn{7}));
    EXPECT_TRUE(range.contains(Pfn{8}));
    EXPECT_TRUE(range.contains(Pfn{11}));
    EXPECT_FALSE(range.contains(Pfn{12}));
}

TEST(Types, AnEmptyRangeContainsNothing) { EXPECT_FALSE((PfnRange{Pfn{8}, PageCount{0}}.contains(Pfn{8}))); }

TEST(Types, NeverIsAfterEveryTime) { EXPECT_GT(kNever, Cycles{~std::uint64_t{0} - 1}); }

TEST(Types, CyclesAddAndScale) {
    Cycles time{10};
    time += Cycles{5} * 3;
    time -= Cycles{1};
    EXPECT_EQ(time, Cycles{24});
}

}  // namespace
}  // namespace splinter
