// Figures about free memory, by hand.
#include "alloc/statistics.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_kernel.h"

namespace splinter::alloc {
namespace {

TEST(Statistics, FragmentationIndexIsWhatTheKernelComputes) {
    BlockCounts blocks{};
    EXPECT_EQ(fragmentation_index(blocks, Order{9U}), 0);  // nothing is free at all
    blocks[0] = 1;
    EXPECT_EQ(fragmentation_index(blocks, Order{9U}), 1000 - (1000 + 1000 / 512) / 1);  // no memory
    blocks[0] = 1000;
    EXPECT_EQ(fragmentation_index(blocks, Order{9U}), 1000 - (1000 + 1000 * 1000 / 512) / 1000);  // enough, in crumbs
    blocks[9] = 1;
    EXPECT_EQ(fragmentation_index(blocks, Order{9U}), kWouldSucceed);
}

TEST(Statistics, UnusableFreeIndexIsTheShareOfTooSmallBlocks) {
    BlockCounts blocks{};
    EXPECT_EQ(unusable_free_index(blocks, Order{9U}), 1000);
    blocks[10] = 1;
    EXPECT_EQ(unusable_free_index(blocks, Order{9U}), 0);
    blocks[8] = 2;
    EXPECT_EQ(unusable_free_index(blocks, Order{9U}), 333);
}

TEST(Statistics, ObtainableBlocksAreThoseThatSplittingMakes) {
    BlockCounts blocks{};
    blocks[10] = 3;
    blocks[9] = 1;
    blocks[8] = 100;
    EXPECT_EQ(obtainable(blocks, Order{9U}), 7U);
    EXPECT_EQ(obtainable(blocks, Order{10U}), 3U);
    EXPECT_EQ(obtainable(blocks, Order{8U}), 114U);
    EXPECT_EQ(pages_of(blocks), PageCount{3 * 1024 + 512 + 100 * 256});
}

}  // namespace
TEST(Statistics, ACensusCountsBlocksByTheListTheyAreOn) {
    RecordedKernel node{kInLargeLeaves, "freetype", 1};
    ZoneCensus census = take_census(node.zone());
    EXPECT_EQ(census.free[1][10], 2U);
    EXPECT_EQ(census.pageblocks, (std::array<std::uint64_t, kCensusRows>{0, 4, 0, 0, 0, 0}));
    ASSERT_TRUE(node.kernel.pages.alloc_pages(node.cpu(), kUnmappedPage));
    census = take_census(node.zone());
    EXPECT_EQ(census.pageblocks[kUnmappedRow], 1U);
    EXPECT_EQ(pages_of(census.free[kUnmappedRow]), PageCount{511});
    EXPECT_EQ(pages_of(census.free_of_all_rows()), node.zone().free_pages());
}

TEST(Statistics, StrandedMemoryIsFreeUnmappedAndNotAWholePageblock) {
    RecordedKernel node{kInLargeLeaves, "freetype", 1};
    PageAllocator& pages = node.kernel.pages;
    EXPECT_EQ(take_statistics(pages).stranded, PageCount{0});
    const auto first = pages.alloc_pages(node.cpu(), kUnmappedPage);
    EXPECT_EQ(take_statistics(pages).stranded, PageCount{511});
    const auto second = pages.alloc_pages(node.cpu(), kUnmappedPage);  // refills the per-CPU list
    EXPECT_EQ(take_statistics(pages).stranded, PageCount{510});
    EXPECT_EQ(take_statistics(pages).stranded, pages.unmapped_free_pages());
    EXPECT_EQ(take_statistics(pages).order9_obtainable, 3U);
    EXPECT_EQ(take_statistics(pages).order10_obtainable, 1U);
    ASSERT_TRUE(first && second);
}

TEST(Statistics, MovableFailuresCountOnlyWhileFreeMemoryIsAboveTheMark) {
    RecordedKernel node{kInLargeLeaves, "freetype", 1};
    PageAllocator& pages = node.kernel.pages;
    const AllocRequest movable{Order{9U}, kMovable, Blocking::may_block, {}};
    // Four pageblocks, of which one page each is taken out of the direct map: no movable block is left.
    for (std::uint64_t i = 0; i < 4 * 512 - 511; ++i) ASSERT_TRUE(pages.alloc_pages(node.cpu(), kUnmappedPage));
    ASSERT_EQ(pages.unmapped_free_pages(), PageCount{511});
    EXPECT_FALSE(pages.alloc_pages(node.cpu(), movable));  // 512 pages are not there at all
    EXPECT_EQ(node.counted(&KernelCounters::movable_failures_above_watermark), 0U);
    EXPECT_FALSE(pages.alloc_pages(node.cpu(), AllocRequest{Order{0U}, kMovable, Blocking::may_block, {}}));
    EXPECT_EQ(node.counted(&KernelCounters::failed_allocations), 2U);
    EXPECT_EQ(node.counted(&KernelCounters::movable_failures_above_watermark), 1U);
}

}  // namespace splinter::alloc
