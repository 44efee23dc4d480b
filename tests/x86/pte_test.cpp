#include "hw/x86/pte.h"

#include <gtest/gtest.h>

namespace splinter::x86 {
namespace {

constexpr std::uint64_t kFlags = Pte::kPresent | Pte::kWritable;

// Bit numbers of SDM Vol. 3A table 4-20.
TEST(Pte, BitsStandWhereTheManualHasThem) {
    EXPECT_EQ(Pte::kPresent, std::uint64_t{1} << 0);
    EXPECT_EQ(Pte::kWritable, std::uint64_t{1} << 1);
    EXPECT_EQ(Pte::kUser, std::uint64_t{1} << 2);
    EXPECT_EQ(Pte::kAccessed, std::uint64_t{1} << 5);
    EXPECT_EQ(Pte::kDirty, std::uint64_t{1} << 6);
    EXPECT_EQ(Pte::kPageSizeBit, std::uint64_t{1} << 7);
    EXPECT_EQ(Pte::kGlobal, std::uint64_t{1} << 8);
    EXPECT_EQ(Pte::kNoExecute, std::uint64_t{1} << 63);
    EXPECT_EQ(Pte::kKeyMask, std::uint64_t{0xf} << 59);
}

TEST(Pte, ASmallLeafHasNoPageSizeBit) { EXPECT_EQ(Pte::leaf(Pfn{5}, PageSize::k4, kFlags).raw(), 0x5003U); }

TEST(Pte, ALargeLeafHasThePageSizeBit) {
    EXPECT_EQ(Pte::leaf(Pfn{0x200}, PageSize::m2, kFlags).raw(), 0x200083U);
    EXPECT_EQ(Pte::leaf(Pfn{0x40000}, PageSize::g1, kFlags).raw(), 0x40000083U);
}

TEST(Pte, ATableIsNoLeafAboveTheLastLevel) {
    const Pte table = Pte::table(Pfn{7}, kFlags);
    EXPECT_FALSE(table.is_leaf(kPde));
    EXPECT_FALSE(table.is_leaf(kPdpte));
    EXPECT_EQ(table.next_table(), Pfn{7});
}

TEST(Pte, EveryEntryOfTheLastLevelIsALeaf) { EXPECT_TRUE(Pte{kFlags}.is_leaf(kPte)); }

TEST(Pte, TheFrameOfALargeLeafLeavesOutTheBitsBelowItsSize) {
    // Bit 12 of a 2 MiB leaf is PAT, not address (SDM table 4-18).
    const Pte leaf{Pte::leaf(Pfn{0x400}, PageSize::m2, kFlags).raw() | std::uint64_t{1} << 12};
    EXPECT_EQ(leaf.frame(kPde), Pfn{0x400});
}

TEST(Pte, TheKeyIsFourBits) {
    EXPECT_EQ(Pte{std::uint64_t{0xb} << Pte::kKeyShift}.key(), 11U);
    EXPECT_EQ(Pte{Pte::kNoExecute}.key(), 0U);
}

TEST(Pte, FlagsAndAddressDoNotOverlap) {
    const Pte entry{~std::uint64_t{0}};
    EXPECT_EQ(entry.flags() & Pte::kAddressMask, 0U);
    EXPECT_EQ(entry.flags() | Pte::kAddressMask, ~std::uint64_t{0});
}

TEST(Pte, WithAndWithoutLeaveTheOtherBitsAlone) {
    const Pte entry = Pte::leaf(Pfn{9}, PageSize::k4, kFlags);
    EXPECT_EQ(entry.with(Pte::kDirty).without(Pte::kDirty), entry);
    EXPECT_EQ(entry.without(Pte::kPresent).frame(), Pfn{9});
}

TEST(Pte, HasWantsEveryBit) {
    EXPECT_TRUE(Pte{kFlags}.has(kFlags));
    EXPECT_FALSE(Pte{Pte::kPresent}.has(kFlags));
}

}  // namespace
}  // namespace splinter::x86
