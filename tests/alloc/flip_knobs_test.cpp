// The knobs of flips that reviewers of the series asked for: freetype.flip_unit, .refill_flips, .scrub; flips ahead of demand;
// a second flag beside the first.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/alloc/flip_kernels.h"

namespace splinter::alloc {
namespace {

constexpr FreeType kKeyed{Migratetype::unmovable, FreetypeFlag::pgtable_key};

FreetypeParams scrub(const char* policy) {
    FreetypeParams params;
    params.scrub = policy;
    return params;
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
    EXPECT_EQ(node.log().story("local_map clear"), "local_map*4 clear*4");
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
