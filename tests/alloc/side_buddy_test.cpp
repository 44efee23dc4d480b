// The buddy of strategy `side-cache`: splits, merges up to a pageblock, gives whole blocks back.
#include "alloc/flush/side_buddy.h"

#include <gtest/gtest.h>

namespace splinter::alloc {
namespace {

constexpr Pfn kBlock{4 * 512};

struct SideBuddyTest : ::testing::Test {
    SideBuddy buddy;
    BuddyWork work;
};

TEST_F(SideBuddyTest, HasNothingAtFirst) {
    EXPECT_EQ(buddy.take(Order{0U}, work), std::nullopt);
    EXPECT_EQ(buddy.pages(), PageCount{0});
}

TEST_F(SideBuddyTest, SplitsALargerBlockAndKeepsItsUpperHalves) {
    buddy.put(kBlock, kPageblockOrder, work);
    EXPECT_EQ(buddy.take(Order{0U}, work), kBlock);
    EXPECT_EQ(work.splits, 9U);
    EXPECT_EQ(buddy.pages(), PageCount{511});
    EXPECT_EQ(buddy.take(Order{0U}, work), kBlock + PageCount{1});
    EXPECT_EQ(buddy.take(Order{3U}, work), kBlock + PageCount{8});
    EXPECT_EQ(work.splits, 9U);
}

TEST_F(SideBuddyTest, MergesWhatComesBackIntoAWholePageblock) {
    buddy.put(kBlock, kPageblockOrder, work);
    std::vector<Pfn> pages;
    while (const auto page = buddy.take(Order{0U}, work)) pages.push_back(*page);
    EXPECT_EQ(pages.size(), 512U);
    for (std::size_t i = 0; i < 511; ++i) {
        buddy.put(pages[(i * 37) % 512], Order{0U}, work);
        EXPECT_EQ(buddy.take_largest(kPageblockOrder), std::nullopt);
    }
    buddy.put(pages[(511 * 37) % 512], Order{0U}, work);
    EXPECT_EQ(buddy.take_largest(kPageblockOrder), (std::pair{kBlock, kPageblockOrder}));
    EXPECT_EQ(buddy.pages(), PageCount{0});
}

TEST_F(SideBuddyTest, DoesNotMergeBeyondAPageblock) {
    buddy.put(kBlock, kPageblockOrder, work);
    buddy.put(kBlock + kPageblockOrder.pages(), kPageblockOrder, work);
    EXPECT_EQ(work.merges, 0U);
    EXPECT_EQ(buddy.pages(), PageCount{1024});
}

TEST_F(SideBuddyTest, TheBlockThatCameLastIsTakenFirst) {
    buddy.put(kBlock, Order{2U}, work);
    buddy.put(kBlock + PageCount{64}, Order{2U}, work);
    EXPECT_EQ(buddy.take(Order{2U}, work), kBlock + PageCount{64});
}

}  // namespace
}  // namespace splinter::alloc
