#include "alloc/buddy/zone.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_memory.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

using Numbers = std::vector<std::uint64_t>;

constexpr Pfn kZoneStart{4 * kLargestBlock.raw()};
constexpr FreeType kHighatomic{Migratetype::highatomic, Mapping::mapped};

struct ZoneOfBlocks : ::testing::Test {
    FrameTable frames{PageCount{64 * kLargestBlock.raw()}};
    BuddyWork work;
    // Nothing is free yet.
    Zone zone{zone_layout({kZoneStart, times(kLargestBlock, 8)}), frames};
    Numbers list(unsigned order, FreeType type) const { return raw(blocks_of(zone, Order{order}, type)); }
    void free(std::uint64_t offset, unsigned order, FreeType type = kMovable) {
        zone.free_block(after(kZoneStart, offset), Order{order}, type, work);
    }
    Numbers at(std::initializer_list<std::uint64_t> offsets) const {
        Numbers numbers;
        for (std::uint64_t offset : offsets) numbers.push_back(kZoneStart.raw() + offset);
        return numbers;
    }
};

TEST_F(ZoneOfBlocks, ASplitQueuesTheUpperHalvesAndHandsOutTheLowest) {
    zone.add_free_block(kZoneStart, kMaxOrder, Migratetype::movable);
    EXPECT_EQ(zone.take_smallest(Order{0U}, kMovable, work), kZoneStart);
    for (unsigned order = 0; order < kMaxOrder.index(); ++order)
        EXPECT_EQ(list(order, kMovable), at({std::uint64_t{1} << order})) << order;
    EXPECT_EQ(work.splits, 10U);
    EXPECT_EQ(zone.free_pages(), PageCount{1023});
}

TEST_F(ZoneOfBlocks, TheSmallestSufficientListServes) {
    zone.add_free_block(kZoneStart, kMaxOrder, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 1024), Order{3U}, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 1040), Order{1U}, Migratetype::movable);
    EXPECT_EQ(zone.take_smallest(Order{2U}, kMovable, work), after(kZoneStart, 1024));
    EXPECT_EQ(work.splits, 1U);
}

TEST_F(ZoneOfBlocks, TheHeadOfAListServes) {
    for (std::uint64_t offset : {64, 0, 32}) zone.add_free_block(after(kZoneStart, offset), Order{0U}, Migratetype::movable);
    EXPECT_EQ(zone.take_smallest(Order{0U}, kMovable, work), after(kZoneStart, 64));
    EXPECT_EQ(zone.take_smallest(Order{0U}, kMovable, work), kZoneStart);
}

TEST_F(ZoneOfBlocks, FreedHalvesMergeUpToTheLargestOrderAndNoFurther) {
    zone.add_free_block(kZoneStart, kMaxOrder, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 1024), kMaxOrder, Migratetype::movable);
    const auto page = zone.take_smallest(Order{0U}, kMovable, work);
    free(page->raw() - kZoneStart.raw(), 0);
    EXPECT_EQ(work.merges, 10U);
    EXPECT_EQ(list(10, kMovable), at({0, 1024}));
    EXPECT_EQ(zone.free_pages(), times(kLargestBlock, 2));
}

TEST_F(ZoneOfBlocks, ABuddyOfAnotherOrderDoesNotMerge) {
    zone.add_free_block(after(kZoneStart, 2), Order{0U}, Migratetype::movable);
    free(0, 1);
    EXPECT_EQ(work.merges, 0U);
    EXPECT_EQ(list(1, kMovable), at({0}));
}

TEST_F(ZoneOfBlocks, ABuddyOutsideTheZoneDoesNotMerge) {
    Zone edge{zone_layout({after(kZoneStart, 512), PageCount{512}}, ZoneIndex{1}), frames};
    zone.add_free_block(kZoneStart, Order{9U}, Migratetype::movable);
    edge.free_block(after(kZoneStart, 512), Order{9U}, kMovable, work);
    EXPECT_EQ(work.merges, 0U);
    EXPECT_EQ(raw(blocks_of(edge, Order{9U}, kMovable)), at({512}));
}

TEST_F(ZoneOfBlocks, ABlockThatMayMergeSoonQueuesAtTheTail) {
    zone.add_free_block(after(kZoneStart, 64), Order{0U}, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 2), Order{1U}, Migratetype::movable);
    free(0, 0);  // page 1 is missing to merge with [2, 4)
    EXPECT_EQ(list(0, kMovable), at({64, 0}));
}

TEST_F(ZoneOfBlocks, ABlockWithoutThatProspectQueuesAtTheHead) {
    zone.add_free_block(after(kZoneStart, 64), Order{0U}, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 2), Order{0U}, Migratetype::movable);  // too small to be the higher buddy
    free(0, 0);
    EXPECT_EQ(list(0, kMovable), at({0, 64, 2}));
}

TEST_F(ZoneOfBlocks, TheProspectCountsUpToOrderEightOnly) {
    zone.add_free_block(after(kZoneStart, 2048), Order{8U}, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 512), Order{9U}, Migratetype::movable);
    free(0, 8);  // the higher buddy is [512, 1024) of order 9
    EXPECT_EQ(list(8, kMovable), at({2048, 0}));
    zone.add_free_block(after(kZoneStart, 4096), kMaxOrder, Migratetype::movable);
    free(2560, 9);  // order 9: MAX_PAGE_ORDER - 1
    EXPECT_EQ(list(9, kMovable), at({2560, 512}));
}

TEST_F(ZoneOfBlocks, AMappedAndAnUnmappedPageblockNeverMerge) {
    zone.add_free_block(kZoneStart, Order{9U}, Migratetype::unmovable);
    zone.set_pageblock_migratetype(kZoneStart, Migratetype::unmovable);
    zone.set_pageblock_migratetype(after(kZoneStart, 512), Migratetype::unmovable);
    zone.set_pageblock_flags(after(kZoneStart, 512), Mapping::unmapped);
    free(512, 9, kUnmovableUnmapped);
    EXPECT_EQ(work.merges, 0U);
    EXPECT_EQ(list(9, kUnmovable), at({0}));
    EXPECT_EQ(list(9, kUnmovableUnmapped), at({512}));
    EXPECT_EQ(zone.unmapped_free_pages(), PageCount{512});
}

TEST_F(ZoneOfBlocks, TwoUnmappedPageblocksMerge) {
    for (std::uint64_t offset : {0, 512}) {
        zone.set_pageblock_migratetype(after(kZoneStart, offset), Migratetype::unmovable);
        zone.set_pageblock_flags(after(kZoneStart, offset), Mapping::unmapped);
        free(offset, 9, kUnmovableUnmapped);
    }
    EXPECT_EQ(list(10, kUnmovableUnmapped), at({0}));
    EXPECT_EQ(zone.unmapped_free_pages(), kLargestBlock);
}

TEST_F(ZoneOfBlocks, PageblocksOfTwoMergeableTypesMergeAndTheBuddyTakesTheType) {
    zone.add_free_block(kZoneStart, Order{9U}, Migratetype::movable);
    zone.set_pageblock_migratetype(after(kZoneStart, 512), Migratetype::unmovable);
    free(512, 9, kUnmovable);
    EXPECT_EQ(list(10, kUnmovable), at({0}));
    EXPECT_EQ(zone.pageblock_freetype(kZoneStart), kUnmovable);
}

TEST_F(ZoneOfBlocks, AHighatomicPageblockDoesNotMergeWithOthers) {
    zone.add_free_block(kZoneStart, Order{9U}, Migratetype::movable);
    zone.set_pageblock_migratetype(after(kZoneStart, 512), Migratetype::highatomic);
    free(512, 9, kHighatomic);
    EXPECT_EQ(list(9, kMovable), at({0}));
    EXPECT_EQ(list(9, kHighatomic), at({512}));
}

TEST_F(ZoneOfBlocks, MovingAPageblockRequeuesItsFreeBlocksOnlyAndAtTheTails) {
    zone.add_free_block(after(kZoneStart, 1024), Order{0U}, Migratetype::unmovable);
    zone.add_free_block(after(kZoneStart, 8), Order{0U}, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 16), Order{4U}, Migratetype::movable);
    zone.add_free_block(after(kZoneStart, 512), Order{0U}, Migratetype::movable);
    EXPECT_EQ(zone.move_pageblock(after(kZoneStart, 100), kUnmovable, work), PageCount{17});
    EXPECT_EQ(list(0, kUnmovable), at({1024, 8}));
    EXPECT_EQ(list(4, kUnmovable), at({16}));
    EXPECT_EQ(list(0, kMovable), at({512}));
    EXPECT_EQ(zone.free_pages(), PageCount{19});
}

TEST_F(ZoneOfBlocks, APageblockThatStartsBeforeTheZoneIsNotInside) {
    const Zone odd{zone_layout({after(kZoneStart, 100), PageCount{1024}}), frames};
    EXPECT_FALSE(odd.pageblock_inside(after(kZoneStart, 200)));
    EXPECT_TRUE(odd.pageblock_inside(after(kZoneStart, 512)));
    EXPECT_FALSE(odd.pageblock_inside(after(kZoneStart, 1100)));
}

TEST_F(ZoneOfBlocks, AllCountsWildernessAsFree) {
    zone.add_wilderness({kZoneStart, times(kLargestBlock, 3)});
    EXPECT_EQ(zone.free_pages(), times(kLargestBlock, 3));
    EXPECT_EQ(list(10, kMovable), at({0, 1024, 2048}));
    EXPECT_TRUE(zone.has_free(kMaxOrder, kMovable));
    EXPECT_FALSE(zone.has_free(kMaxOrder, kUnmovable));
}

TEST_F(ZoneOfBlocks, WildernessIsHandedOutInOrderBehindTheListedBlocks) {
    zone.add_wilderness({kZoneStart, times(kLargestBlock, 2)});
    zone.add_wilderness({after(kZoneStart, 4096), kLargestBlock});
    zone.add_free_block(after(kZoneStart, 3072), kMaxOrder, Migratetype::movable);
    for (std::uint64_t offset : {3072, 0, 1024, 4096})
        EXPECT_EQ(zone.take_smallest(kMaxOrder, kMovable, work), after(kZoneStart, offset));
    EXPECT_FALSE(zone.take_smallest(kMaxOrder, kMovable, work).has_value());
    EXPECT_EQ(zone.free_pages(), PageCount{0});
}

TEST_F(ZoneOfBlocks, MisalignedWildernessIsRefused) {
    EXPECT_THROW(zone.add_wilderness({after(kZoneStart, 512), kLargestBlock}), InternalError);
}

}  // namespace
}  // namespace splinter::alloc
