// The knobs of flips that reviewers of the series asked for: freetype.flip_unit, .refill_flips, .scrub; flips ahead of demand;
// a second flag beside the first.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/alloc/flip_kernels.h"

namespace splinter::alloc {
namespace {

constexpr FreeType kKeyed{Migratetype::unmovable, FreetypeFlag::pgtable_key};

FreetypeParams unit(const char* size) {
    FreetypeParams params;
    params.flip_unit = size;
    return params;
}
FreetypeParams scrub(const char* policy) {
    FreetypeParams params;
    params.scrub = policy;
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
    EXPECT_EQ(node.counted(&KernelCounters::flips_rolled_back), 1U);
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

// --- refill_flips ---

TEST(RefillFlips, AMissFillsThePerCpuListSoThatTheNextRequestTakesNoZoneLock) {
    FreetypeParams params;
    params.refill_flips = true;
    FlipNode node{params};
    (void)node.take(kUnmappedPage).value();  // bulk, take the block, put it, bulk again
    EXPECT_EQ(node.log().story("lock unlock icr"),
              "lock-zone0 unlock-zone0 lock-zone0 unlock-zone0 lock-cpa unlock-cpa icr1 lock-zone0 unlock-zone0 "
              "lock-zone0 unlock-zone0");
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    node.log().clear();
    (void)node.take(kUnmappedPage).value();
    EXPECT_EQ(node.log().story("lock"), "");
}

TEST(RefillFlips, ByDefaultTheNextRequestRefills) {
    FlipNode node;
    (void)node.take(kUnmappedPage).value();
    node.log().clear();
    (void)node.take(kUnmappedPage).value();
    EXPECT_EQ(node.log().story("lock"), "lock-zone0");
}

TEST(RefillFlips, NotForARequestThatMayNotBlock) {
    FreetypeParams params;
    params.refill_flips = true;
    FlipNode node{params};
    EXPECT_FALSE(node.take(block_of(0, kUnmovableUnmapped, Blocking::may_not_block)).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
}

// --- scrub ---

TEST(Scrub, OnRemapCanBeAskedOfEarly) {
    FreetypeParams params = scrub("on-remap");
    params.generation = "early";
    FlipNode node{params};
    node.unmap_all();
    (void)node.take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 512U);
}

TEST(Scrub, OnFreeClearsEachUnmappedPageThatIsFreedAndNothingAtTheRemap) {
    FlipNode node{scrub("on-free")};
    const Pfn block = node.take(block_of(2, kUnmovableUnmapped)).value();
    node.log().clear();
    node.free(block, 2);
    EXPECT_EQ(node.log().story("local_map clear"), "local_map clear local_map clear local_map clear local_map clear");
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 4U);
    const Pfn mapped = node.take(block_of(2, kUnmovable)).value();
    node.free(mapped, 2);
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 4U);
}

TEST(Scrub, OnFreeLeavesNothingToDoWhenABlockIsMappedAgain) {
    FlipNode node{scrub("on-free")};
    node.unmap_all();
    const std::uint64_t before = node.counted(&KernelCounters::pages_zeroed);
    EXPECT_EQ(before, kInLargeLeaves.count.raw());
    (void)node.take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), before);
}

TEST(Scrub, OnAllocClearsEachPageWhenAMappedRequestFirstTakesIt) {
    FlipNode node{scrub("on-alloc")};
    node.unmap_all();
    const Pfn page = node.take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 1U);
    EXPECT_FALSE(node.flips().unscrubbed().contains(page));
    EXPECT_TRUE(node.flips().unscrubbed().contains(after(page, 1)));
    (void)node.take(block_of(2, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 1U + 4U);
    node.free(page, 0);
    EXPECT_EQ(node.take(block_of(0, kUnmovable)), page);  // clean by now
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 5U);
}

TEST(Scrub, OnAllocForgetsABlockThatIsUnmappedAgain) {
    FlipNode node{scrub("on-alloc")};
    node.unmap_all();
    const Pfn block = node.take(block_of(9, kUnmovable)).value();
    node.pages.free_to_buddy(node.cpu(), block, Order{9U});
    const std::uint64_t before = node.counted(&KernelCounters::pages_zeroed);
    EXPECT_EQ(before, 512U);
    EXPECT_TRUE(node.flips().unscrubbed().empty());
    EXPECT_EQ(node.flips().map_back(node.cpu(), node.zone()), Flips::Ahead::done);
    EXPECT_FALSE(node.flips().unscrubbed().empty());
    while (node.flips().unmap_ahead(node.cpu(), node.zone()) == Flips::Ahead::done) {
    }
    EXPECT_TRUE(node.flips().unscrubbed().empty());
}

// --- ahead of demand ---

TEST(FlipsAhead, AnUnmappedBlockIsReadyBeforeTheFirstRequest) {
    FlipNode node;
    EXPECT_EQ(node.flips().unmap_ahead(node.cpu(), node.zone()), Flips::Ahead::done);
    EXPECT_EQ(node.pages.unmapped_free_pages(), kPageblock);
    EXPECT_EQ(blocks_of(node.zone(), kPageblockOrder, kUnmovableUnmapped).size(), 1U);
    node.log().clear();
    (void)node.take(kUnmappedPage).value();
    EXPECT_EQ(node.log().story("icr narrowed"), "");
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
}

TEST(FlipsAhead, TwoBlocksMergeUnmapped) {
    FlipNode node;
    (void)node.flips().unmap_ahead(node.cpu(), node.zone());
    (void)node.flips().unmap_ahead(node.cpu(), node.zone());
    EXPECT_EQ(blocks_of(node.zone(), kMaxOrder, kUnmovableUnmapped).size(), 1U);
}

TEST(FlipsAhead, ABlockGoesBackMappedAndScrubbed) {
    FlipNode node;
    (void)node.flips().unmap_ahead(node.cpu(), node.zone());
    node.log().clear();
    EXPECT_EQ(node.flips().map_back(node.cpu(), node.zone()), Flips::Ahead::done);
    EXPECT_EQ(node.log().story("widened clear icr"), "widened clear*512");
    EXPECT_EQ(node.pages.unmapped_free_pages(), PageCount{0});
    EXPECT_EQ(node.free_pages(), kInLargeLeaves.count);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 1U);
}

TEST(FlipsAhead, SayWhenThereIsNoBlock) {
    FlipNode node;
    EXPECT_EQ(node.flips().map_back(node.cpu(), node.zone()), Flips::Ahead::no_block);
    while (node.take(block_of(9, kMovable))) {
    }
    EXPECT_EQ(node.flips().unmap_ahead(node.cpu(), node.zone()), Flips::Ahead::no_block);
}

TEST(FlipsAhead, SayWhenThereIsNoPageTablePage) {
    FlipNode node{FreetypeParams{}, kInGiantLeaf};
    node.kernel.tables.fail_after(0, 1);
    EXPECT_EQ(node.flips().unmap_ahead(node.cpu(), node.zone()), Flips::Ahead::no_memory);
    EXPECT_EQ(node.free_pages(), kInGiantLeaf.count);
}

// --- a second flag ---

struct TwoFlags : ::testing::Test {
    static KernelParams params() {
        KernelParams both;
        both.freetypes = "unmapped:unmovable,pgtable-key:unmovable";
        return both;
    }
    FlipNode node{params(), kInLargeLeaves};
};

TEST_F(TwoFlags, EachHasAPoolOfItsOwn) {
    const Pfn unmapped = node.take(kUnmappedPage).value();
    const Pfn keyed = node.take(block_of(0, kKeyed)).value();
    EXPECT_EQ(node.zone().pageblock_freetype(unmapped), kUnmovableUnmapped);
    EXPECT_EQ(node.zone().pageblock_freetype(keyed), kKeyed);
    EXPECT_NE(unmapped.raw() / kPageblock.raw(), keyed.raw() / kPageblock.raw());
    EXPECT_EQ(node.pages.unmapped_free_pages(), PageCount{511});
}

TEST_F(TwoFlags, AKeyedBlockStaysInTheDirectMapAndNeedsNoFlush) {
    const Pfn page = node.take(block_of(0, kKeyed)).value();
    EXPECT_TRUE(node.memory.mapped(page));
    EXPECT_EQ(node.log().story("icr narrowed lock"), "lock-zone0*4");
    EXPECT_EQ(node.counted(&KernelCounters::flips_of_key), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
}

TEST_F(TwoFlags, PerCpuBanksAreApartAndShareOneCount) {
    const Pfn unmapped = node.take(kUnmappedPage).value();
    const Pfn keyed = node.take(block_of(0, kKeyed)).value();
    node.free(unmapped, 0);
    node.free(keyed, 0);
    const PerCpuPages& lists = node.pages.pcp(node.zone(), CpuId{0U});
    EXPECT_EQ(lists.lists().size(), PerCpuPages::kPlainLists + 2 * PerCpuPages::kBankLists);
    EXPECT_EQ(lists.lists()[14].front(), unmapped);
    EXPECT_EQ(lists.lists()[19].front(), keyed);
    EXPECT_EQ(lists.count(), PageCount{2});
    EXPECT_EQ(lists.unmapped_count(), PageCount{1});
}

TEST_F(TwoFlags, BlocksOfDifferentFlagsNeverMerge) {
    const Pfn first = node.take(block_of(9, kUnmovableUnmapped)).value();
    const Pfn second = node.take(block_of(9, kKeyed)).value();
    ASSERT_EQ(second, first + kPageblock);
    node.pages.free_to_buddy(node.cpu(), first, Order{9U});
    node.pages.free_to_buddy(node.cpu(), second, Order{9U});
    EXPECT_EQ(blocks_of(node.zone(), Order{9U}, kUnmovableUnmapped), (std::vector{first}));
    EXPECT_EQ(blocks_of(node.zone(), Order{9U}, kKeyed), (std::vector{second}));
}

TEST_F(TwoFlags, AMappedRequestTakesAKeyedBlockBackIfThereIsNothingElse) {
    const Pfn block = node.take(block_of(9, kKeyed)).value();
    node.pages.free_to_buddy(node.cpu(), block, Order{9U});
    while (const auto other = node.take(block_of(9, kMovable))) EXPECT_NE(*other, block);
    EXPECT_EQ(node.take(block_of(9, kUnmovable)), block);
    EXPECT_EQ(node.zone().pageblock_freetype(block), kUnmovable);
    EXPECT_EQ(node.counted(&KernelCounters::flips_of_key), 2U);
}

TEST(NoFreetypes, TheStrategyIsRefusedWithoutItsList) {
    KernelParams params;
    params.freetypes = "none";
    EXPECT_THROW((FlipNode{params, kInLargeLeaves}), UserError);
}

}  // namespace
}  // namespace splinter::alloc
