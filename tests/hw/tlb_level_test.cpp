#include "hw/mmu/tlb_level.h"

#include <gtest/gtest.h>

#include "tests/hw/pages.h"

namespace splinter::hw {
namespace {

using x86::PageSize;

constexpr Pcid kPcid{3};

x86::Translation leaf(std::uint64_t frame, PageSize size = PageSize::k4) { return {Pfn{frame}, size, {}}; }

std::size_t entries_in(const TlbLevel& level) {
    std::size_t count = 0;
    level.for_each([&](const CachedTranslation&) { ++count; });
    return count;
}

TEST(TlbLevel, FindsEveryPageSizeInTheArrayThatHoldsIt) {
    TlbLevel level{{{4, 4, "4k"}, {4, 4, "2m"}, {4, 4, "1g"}}};
    level.insert(page(0), kPcid, leaf(1));
    EXPECT_EQ(level.lookup(page(0), kPcid)->size(), PageSize::k4);
    level.insert(VirtAddr{std::uint64_t{1} << 30}, kPcid, leaf(512, PageSize::m2));
    EXPECT_EQ(level.lookup(VirtAddr{(std::uint64_t{1} << 30) + 0x1fffff}, kPcid)->size(), PageSize::m2);
    level.insert(VirtAddr{std::uint64_t{2} << 30}, kPcid, leaf(0, PageSize::g1));
    EXPECT_EQ(level.lookup(VirtAddr{(std::uint64_t{3} << 30) - 1}, kPcid)->size(), PageSize::g1);
}

TEST(TlbLevel, ASizeThatNoArrayHoldsIsNotCached) {
    TlbLevel level{{{4, 4, "4k"}}};
    level.insert(page(0), kPcid, leaf(0, PageSize::m2));
    EXPECT_EQ(level.lookup(page(0), kPcid), nullptr);
    EXPECT_EQ(entries_in(level), 0U);
}

TEST(TlbLevel, AnArrayWithoutEntriesIsAbsent) {
    EXPECT_FALSE((TlbLevel{{TlbParams{}}}.present()));
    TlbLevel level{{TlbParams{0, 1, "4k"}, TlbParams{4, 4, "4k"}}};
    EXPECT_TRUE(level.present());
    level.insert(page(1), kPcid, leaf(7));
    EXPECT_NE(level.lookup(page(1), kPcid), nullptr);
}

// Ice Lake and later: 4 KiB pages live in both halves of the L2 TLB, 2 MiB pages in one, 1 GiB pages in the other.
TEST(TlbLevel, TwoArraysThatHoldOnePageSizeGiveItTheirWholeCapacity) {
    TlbLevel level{{{4, 1, "4k+2m"}, {4, 1, "4k+1g"}}};
    for (std::uint64_t number = 0; number < 8; ++number) level.insert(page(number), kPcid, leaf(number));
    EXPECT_EQ(entries_in(level), 8U);
    level.insert(page(8), kPcid, leaf(8));  // eight pages apart is the first conflict
    EXPECT_EQ(level.lookup(page(0), kPcid), nullptr);
    EXPECT_EQ(entries_in(level), 8U);
}

TEST(TlbLevel, OneArrayOfTwoHoldsTheOtherPageSize) {
    TlbLevel level{{{4, 1, "4k+2m"}, {4, 1, "4k+1g"}}};
    for (std::uint64_t number = 0; number < 5; ++number)
        level.insert(VirtAddr{number << 21}, kPcid, leaf(number * 512, PageSize::m2));
    EXPECT_EQ(entries_in(level), 4U);
}

TEST(TlbLevel, AFlushMakesRoomForTheSameSizesAgain) {
    TlbLevel level{{{4, 4, "4k"}, {4, 4, "2m"}}};
    level.insert(page(1), kPcid, leaf(1));
    level.drop_all();
    EXPECT_EQ(level.lookup(page(1), kPcid), nullptr);
    level.insert(page(1), kPcid, leaf(2));
    EXPECT_EQ(level.lookup(page(1), kPcid)->translation().frame, Pfn{2});
}

}  // namespace
}  // namespace splinter::hw
