// The knob freetype.flip_unit: 64 KiB, and 1 GiB.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/alloc/flip_kernels.h"

namespace splinter::alloc {
namespace {

FreetypeParams unit(const char* size) {
    FreetypeParams params;
    params.flip_unit = size;
    return params;
}

// --- flip_unit = 64KiB ---

struct SmallUnit : ::testing::Test {
    FlipNode node{unit("64KiB")};
};

TEST_F(SmallUnit, AMissTakesSixteenPagesOutOfTheDirectMapAndNoMore) {
    const Pfn page = node.take(kUnmappedPage).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    EXPECT_EQ(node.pages.unmapped_free_pages(), PageCount{15});
    for (std::uint64_t i = 0; i < 16; ++i) EXPECT_FALSE(node.memory.mapped(after(page, i))) << i;
    EXPECT_TRUE(node.memory.mapped(after(page, 16)));
}

TEST_F(SmallUnit, TheLeafOfTwoMegabytesIsSplitForItsFirstUnitOnly) {
    const Pfn first = node.take(kUnmappedPage).value();
    Pfn last = first;
    for (int i = 1; i < 20 * 16; ++i) last = node.take(kUnmappedPage).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 20U);
    EXPECT_LT(last, first + kPageblock);
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level2_splits), 1U);
}

TEST_F(SmallUnit, AFlushOfSixteenPagesIsBelowTheCeilingAndFlushesPageByPage) {
    (void)node.take(kUnmappedPage).value();
    node.log().clear();
    for (int i = 0; i < 16; ++i) (void)node.take(kUnmappedPage).value();
    EXPECT_EQ(node.log().count(Call::Kind::flushed_all), 0U);
    EXPECT_EQ(node.log().count(Call::Kind::flushed_page), 2U * 16U);
}

TEST_F(SmallUnit, FlagsBelongToTheUnitAndTheMigratetypeToThePageblock) {
    const Pfn page = node.take(kUnmappedPage).value();
    EXPECT_EQ(node.zone().pageblock_freetype(after(page, 15)), kUnmovableUnmapped);
    EXPECT_EQ(node.zone().pageblock_freetype(after(page, 16)), kUnmovable);
    EXPECT_FALSE(node.zone().has_uniform_flags(page));
}

TEST_F(SmallUnit, AMappedAndAnUnmappedUnitNeverMerge) {
    for (int i = 0; i < 2; ++i) (void)node.take(block_of(4, kUnmovableUnmapped)).value();  // per-CPU pages stand beside them
    const Pfn block = node.take(block_of(4, kUnmovableUnmapped)).value();
    node.free(block, 4);
    EXPECT_EQ(blocks_of(node.zone(), Order{4U}, kUnmovableUnmapped), (std::vector{block}));
    EXPECT_EQ(blocks_of(node.zone(), Order{4U}, kUnmovable), (std::vector{after(block, 16)}));
}

TEST_F(SmallUnit, TwoUnmappedUnitsMerge) {
    for (int i = 0; i < 2; ++i) (void)node.take(block_of(4, kUnmovableUnmapped)).value();
    const Pfn first = node.take(block_of(4, kUnmovableUnmapped)).value();
    const Pfn second = node.take(block_of(4, kUnmovableUnmapped)).value();
    ASSERT_EQ(second, after(first, 16));
    node.free(first, 4);
    node.free(second, 4);
    EXPECT_EQ(blocks_of(node.zone(), Order{5U}, kUnmovableUnmapped), (std::vector{first}));
}

TEST_F(SmallUnit, APageblockWithUnmappedUnitsIsNotClaimedForATypeThatHasNoUnmappedList) {
    const Pfn page = node.take(kUnmappedPage).value();
    std::vector<Pfn> taken;
    while (const auto block = node.take(block_of(8, kMovable))) taken.push_back(*block);
    EXPECT_EQ(node.zone().pageblock_freetype(page), kUnmovableUnmapped);
    EXPECT_TRUE(std::any_of(taken.begin(), taken.end(), [&](Pfn block) {  // it is stolen from
        return block.raw() / kPageblock.raw() == page.raw() / kPageblock.raw();
    }));
}

TEST_F(SmallUnit, AUnitOnItsWayOutKeepsItsPageblockFromBeingClaimed) {
    bool claimable = true;
    node.log().set_on_call([&](const Call& call) {
        if (call.kind == Call::Kind::narrowed) claimable = node.zone().has_uniform_flags(Pfn{call.what});
    });
    (void)node.take(kUnmappedPage).value();
    EXPECT_FALSE(claimable);
}

TEST_F(SmallUnit, EarlyDoesNotKeepAStolenUnitWhosePageblockHasNoUnmappedList) {
    FreetypeParams params = unit("64KiB");
    params.generation = "early";
    FlipNode early{params};
    std::vector<Pfn> taken;
    while (const auto block = early.take(block_of(8, kReclaimable))) taken.push_back(*block);
    // One unit of a pageblock that is in use otherwise: it cannot be claimed, only stolen from.
    early.pages.free_to_buddy(early.cpu(), taken[0], Order{4U});
    EXPECT_FALSE(early.take(kUnmappedPage).has_value());
    EXPECT_EQ(blocks_of(early.zone(), Order{4U}, kReclaimable), (std::vector{taken[0]}));
}

TEST_F(SmallUnit, CompactionWorksForAUnit) { EXPECT_EQ(node.pages.compaction_order(kUnmappedPage), Order{4U}); }

TEST_F(SmallUnit, ARollBackLeavesTheUnitMapped) {
    node.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(node.take(kUnmappedPage).has_value());
    EXPECT_EQ(node.free_pages(), kInLargeLeaves.count);
    EXPECT_TRUE(node.zone().has_uniform_flags(kInLargeLeaves.first));
    EXPECT_EQ(node.zone().pageblock_freetype(kInLargeLeaves.first).mapping(), Mapping::mapped);
}

// --- flip_unit = 1GiB ---

constexpr PfnRange kGiantAndMore{kFirstGiant, kGiantPages + kLargestBlock};

struct LargeUnit : ::testing::Test {
    FlipNode node{unit("1GiB"), kGiantAndMore};
};

TEST_F(LargeUnit, AMissTakesTheWholeLeafWithoutASplit) {
    const Pfn page = node.take(kUnmappedPage).value();
    EXPECT_EQ(page, kFirstGiant);
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level3_splits), 0U);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    EXPECT_EQ(node.pages.unmapped_free_pages(), kGiantPages - PageCount{1});
    EXPECT_EQ(node.free_pages(), kGiantAndMore.count - PageCount{1});
    EXPECT_FALSE(node.memory.mapped(page + (kGiantPages - PageCount{1})));
    EXPECT_TRUE(node.memory.mapped(page + kGiantPages));
    EXPECT_EQ(node.zone().pageblock_freetype(page + (kGiantPages - PageCount{1})), kUnmovableUnmapped);
}

TEST_F(LargeUnit, ARangeWithOnePageInUseIsNotTakenAndAPageblockIs) {
    const Pfn used = node.take(block_of(0, kMovable)).value();
    ASSERT_LT(used, kFirstGiant + kGiantPages);
    (void)node.take(kUnmappedPage).value();
    EXPECT_EQ(node.pages.unmapped_free_pages(), kPageblock - PageCount{1});
}

TEST_F(LargeUnit, AMappedRequestTakesAFreeRangeBackWhole) {
    const Pfn page = node.take(block_of(9, kUnmovableUnmapped)).value();
    while (node.take(block_of(10, kMovable))) {
    }
    node.pages.free_to_buddy(node.cpu(), page, Order{9U});
    node.log().clear();
    (void)node.take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), kGiantPages.raw());
    EXPECT_EQ(node.pages.unmapped_free_pages(), PageCount{0});
}

// All mapped memory is in use, and one page of the unmapped gigabyte too.
void use_up_mapped_memory(FlipNode& node) {
    (void)node.take(kUnmappedPage).value();
    while (node.take(block_of(0, kMovable))) {
    }
}

TEST_F(LargeUnit, MappingAPageblockOfAnUnmappedLeafSplitsIt) {
    use_up_mapped_memory(node);
    node.pages.free_to_buddy(node.cpu(), kFirstGiant + kGiantPages, Order{0U});  // for the page table
    (void)node.take(block_of(9, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level3_splits), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 1U);
}

TEST_F(LargeUnit, WithoutAPageTablePageTheBlockStaysUnmappedAndNothingRecurses) {
    use_up_mapped_memory(node);
    const PageCount before = node.pages.unmapped_free_pages();
    EXPECT_FALSE(node.take(block_of(0, kUnmovable)).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_rolled_back), 5U);  // the fast path, and each try of the slow path
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 0U);
    EXPECT_EQ(node.pages.unmapped_free_pages(), before);
    node.machine.check_quiet();
}

TEST_F(LargeUnit, TakesTheLowestFreeRangeOfListedBlocksAndWilderness) {
    FrameTable frames{times(kLargestBlock, 16)};
    Zone zone = free_zone(zone_layout({Pfn{2 * kLargestBlock.raw()}, times(kLargestBlock, 12)}), frames);
    BuddyWork work;
    const Pfn first = zone.take_smallest(kMaxOrder, kMovable, work).value();
    const Pfn second = zone.take_smallest(kMaxOrder, kMovable, work).value();
    const Pfn third = zone.take_smallest(kMaxOrder, kMovable, work).value();
    zone.free_block(third, kMaxOrder, kMovable, work);  // listed; the rest is wilderness
    (void)second;
    const auto range = zone.take_free_range(times(kLargestBlock, 4), {}, work);
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(range->first, third);
    EXPECT_EQ(first, Pfn{2 * kLargestBlock.raw()});
    EXPECT_EQ(zone.free_pages(), times(kLargestBlock, 12 - 2 - 4));
    EXPECT_EQ(zone.take_smallest(kMaxOrder, kMovable, work), range->end());
}

}  // namespace
}  // namespace splinter::alloc
