#include "hw/mmu/hit_memo.h"

#include <gtest/gtest.h>

namespace splinter::hw {
namespace {

using x86::PageSize;

constexpr VirtAddr kMemoPage{0xffff888000005000U};
constexpr VirtAddr kMemoOther = kMemoPage + kPageBytes;
constexpr VirtAddr kSamePlace = kMemoPage + 64 * kPageBytes;

HitMemo::Hit hit_in_way(std::uint16_t way) {
    HitMemo::Hit hit;
    hit.way = way;
    return hit;
}

TEST(HitMemo, KnowsNothingAtFirst) { EXPECT_EQ(HitMemo{}.find(VirtAddr{0}, 0), nullptr); }

TEST(HitMemo, FindsAHitForEveryByteOfItsPage) {
    HitMemo memo;
    memo.remember(kMemoPage + 8, 3, hit_in_way(2));
    ASSERT_NE(memo.find(kMemoPage + 0xfff, 3), nullptr);
    EXPECT_EQ(memo.find(kMemoPage + 0xfff, 3)->way, 2);
    EXPECT_EQ(memo.find(kMemoOther, 3), nullptr);
}

TEST(HitMemo, FindsAHitOnlyForTheKindsOfAccessThatItServed) {
    HitMemo memo;
    memo.remember(kMemoPage, 3, hit_in_way(0));
    EXPECT_EQ(memo.find(kMemoPage, 4), nullptr);
    memo.remember(kMemoPage, 4, hit_in_way(0));
    EXPECT_NE(memo.find(kMemoPage, 3), nullptr);
    EXPECT_NE(memo.find(kMemoPage, 4), nullptr);
}

TEST(HitMemo, DoesNotTakeOverKindsFromThePageThatItReplaces) {
    HitMemo memo;
    memo.remember(kMemoPage, 3, hit_in_way(0));
    memo.remember(kSamePlace, 4, hit_in_way(1));
    EXPECT_EQ(memo.find(kMemoPage, 3), nullptr);
    EXPECT_EQ(memo.find(kSamePlace, 3), nullptr);
}

TEST(HitMemo, ForgetsASmallPageAlone) {
    HitMemo memo;
    memo.remember(kMemoPage, 0, hit_in_way(0));
    memo.remember(kMemoOther, 0, hit_in_way(0));
    memo.forget(kMemoPage, PageSize::k4);
    EXPECT_EQ(memo.find(kMemoPage, 0), nullptr);
    EXPECT_NE(memo.find(kMemoOther, 0), nullptr);
}

TEST(HitMemo, ForgetsEveryPartOfALargePage) {
    HitMemo memo;
    memo.remember(kMemoPage, 0, hit_in_way(0));
    memo.forget(VirtAddr{0xffff888000000000U}, PageSize::m2);
    EXPECT_EQ(memo.find(kMemoPage, 0), nullptr);
}

// Generations wrap after 4095: one that comes back must not bring old hits with it.
TEST(HitMemo, ForgetsAllForGood) {
    HitMemo memo;
    memo.remember(kMemoPage, 0, hit_in_way(0));
    for (int i = 0; i < 10'000; ++i) {
        memo.forget_all();
        ASSERT_EQ(memo.find(kMemoPage, 0), nullptr) << i;
    }
}

}  // namespace
}  // namespace splinter::hw
