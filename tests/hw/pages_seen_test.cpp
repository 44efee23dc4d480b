#include "hw/mmu/pages_seen.h"

#include <gtest/gtest.h>

#include "hw/base/rng.h"

namespace splinter::hw {
namespace {

using x86::PageSize;

TEST(PagesSeen, NeverDeniesAPageThatWasNoted) {
    PagesSeen seen;
    Rng rng{1, "pages-seen"};
    for (int i = 0; i < 1000; ++i) {
        const VirtAddr va = x86::canonical_from(rng.below(std::uint64_t{1} << 48));
        const PageSize size = x86::kPageSizes[rng.below(3)];
        seen.note(va, size);
        const std::uint64_t bytes = x86::leaf_level(size).bytes();
        const VirtAddr first{va.raw() & ~(bytes - 1)};
        for (const VirtAddr inside : {va, first, first + (bytes - 1)}) ASSERT_TRUE(seen.may_have(inside));
    }
}

TEST(PagesSeen, DeniesMostPagesWhileFewWereNotedAndAllAfterClear) {
    PagesSeen seen;
    for (std::uint64_t page = 0; page < 8; ++page) seen.note(VirtAddr{0xffff'8880'0000'0000 + page * kPageBytes}, PageSize::k4);
    int denied = 0;
    for (std::uint64_t page = 1000; page < 2000; ++page)
        denied += seen.may_have(VirtAddr{0xffff'c900'0000'0000 + page * kPageBytes}) ? 0 : 1;
    EXPECT_GT(denied, 800);
    seen.clear();
    EXPECT_FALSE(seen.may_have(VirtAddr{0xffff'8880'0000'0000}));
}

TEST(PagesSeen, KeepsTheHalvesOfTheAddressSpaceApart) {
    PagesSeen seen;
    for (std::uint64_t page = 0; page < 1000; ++page) seen.note(VirtAddr{page * kPageBytes}, PageSize::k4);
    for (std::uint64_t page = 0; page < 1000; ++page)
        EXPECT_FALSE(seen.may_have(VirtAddr{0xffff'8880'0000'0000 + page * kPageBytes}));
}

TEST(PagesSeen, DeniesARangeOnlyIfItDeniesEachOfItsPages) {
    constexpr VirtAddr kBegin{0xffff'8880'0000'1000};
    for (std::uint64_t page = 0; page < 4; ++page) {
        PagesSeen seen;
        seen.note(kBegin + page * kPageBytes, PageSize::k4);
        EXPECT_TRUE(seen.may_have_any(kBegin, 4 * kPageBytes)) << page;
        EXPECT_TRUE(seen.may_have_any(kBegin + 8, 4 * kPageBytes)) << page;  // reaches into a fifth
    }
    PagesSeen last;
    last.note(kBegin + 4 * kPageBytes, PageSize::k4);
    EXPECT_TRUE(last.may_have_any(kBegin + 8, 4 * kPageBytes));
    EXPECT_FALSE(last.may_have_any(kBegin, 4 * kPageBytes));
    EXPECT_TRUE(PagesSeen{}.may_have_any(kBegin, std::uint64_t{1} << 30));  // too long to look
}

}  // namespace
}  // namespace splinter::hw
