// What the two generations of the ALLOC_UNMAPPED series do differently: each rule of alloc/buddy/generation.h in both.
#include "alloc/buddy/generation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/alloc/flip_kernels.h"

namespace splinter::alloc {
namespace {

FreetypeParams generation(const char* name) {
    FreetypeParams params;
    params.generation = name;
    return params;
}

struct Late : ::testing::Test {
    FlipNode node{generation("late")};
    FlipNode in_giant_leaf{generation("late"), kInGiantLeaf};
};
struct Early : ::testing::Test {
    FlipNode node{generation("early")};
    FlipNode in_giant_leaf{generation("early"), kInGiantLeaf};
};

TEST(Generation, IsKnownByName) {
    EXPECT_EQ(find_generation("late"), &kLate);
    EXPECT_EQ(find_generation("early"), &kEarly);
    EXPECT_EQ(find_generation("later"), nullptr);
}

// --- the four lock takes of a miss: bulk, buddy, take the block, put the rest ---

constexpr std::string_view kMiss =
    "lock-zone0 unlock-zone0 lock-zone0 unlock-zone0 lock-zone0 unlock-zone0 lock-cpa unlock-cpa narrowed icr1 wait "
    "lock-zone0 unlock-zone0";

TEST_F(Late, AMissTakesTheZoneLockFourTimesAndNeverAcrossTheFlush) {
    (void)node.take(kUnmappedPage);
    EXPECT_EQ(node.log().story("lock unlock icr wait narrowed"), kMiss);
}

TEST_F(Early, AMissTakesTheZoneLockFourTimesAndNeverAcrossTheFlush) {
    (void)node.take(kUnmappedPage);
    EXPECT_EQ(node.log().story("lock unlock icr wait narrowed"), kMiss);
}

TEST_F(Late, AMissOfAWholePageblockHasNoRestAndTakesTheZoneLockThreeTimes) {
    (void)node.take(block_of(9, kUnmovableUnmapped));
    EXPECT_EQ(node.log().story("lock icr"), "lock-zone0*3 lock-cpa icr1");
}

// --- -ENOMEM ---

TEST_F(Late, WithoutAPageTablePageTheBlockIsFreedUnderItsOldFreetype) {
    in_giant_leaf.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(in_giant_leaf.take(kUnmappedPage).has_value());
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::flips_rolled_back), 7U);  // the fast path, and each try of the slow path
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::flips_leaked), 0U);
    EXPECT_EQ(in_giant_leaf.free_pages(), kInGiantLeaf.count);
}

TEST_F(Early, WithoutAPageTablePageEachTryOfOneRequestLeaksABlockUntilNoneIsLeft) {
    in_giant_leaf.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(in_giant_leaf.take(kUnmappedPage).has_value());
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::flips_leaked), 4U);
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::pages_leaked), kInGiantLeaf.count.raw());
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::flips_rolled_back), 0U);
    EXPECT_EQ(in_giant_leaf.free_pages(), PageCount{0});
}

TEST_F(Early, ALargeRequestLeaksAllItsPageblocks) {
    in_giant_leaf.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(in_giant_leaf.take(block_of(10, kUnmovableUnmapped)).has_value());
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::flips_leaked), 2U);
    EXPECT_EQ(in_giant_leaf.counted(&KernelCounters::pages_leaked), 2U * 1024);
}

// --- scrub ---

TEST_F(Late, ABlockThatIsMappedAgainIsScrubbedWhole) {
    node.unmap_all();
    (void)node.take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.log().story("widened clear icr"), "widened clear*512");
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 512U);
}

TEST_F(Early, ABlockThatIsMappedAgainIsNotScrubbed) {
    node.unmap_all();
    (void)node.take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.log().story("widened clear icr"), "widened");
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 0U);
}

// --- where the rest of a flipped block is queued ---

TEST(Remainder, OfEarlyGoesToTheTailWhereItMayMergeSoonAndOfLateToTheHead) {
    for (const char* name : {"late", "early"}) {
        FlipNode node{generation(name), {kInLargeLeaves.first, times(kLargestBlock, 4)}};
        std::vector<Pfn> taken;
        while (const auto block = node.take(block_of(9, kUnmovable))) taken.push_back(*block);
        std::sort(taken.begin(), taken.end());
        Zone& zone = node.zone();
        BuddyWork work;
        zone.free_block(taken[2], Order{9U}, kUnmovable, work);  // will be flipped
        // While that is unmapped, others free an unmapped half pageblock and the unmapped pageblock beside the flipped one.
        for (const Pfn block : {taken[0], taken[3]}) zone.set_pageblock_flags(block, kUnmovableUnmapped.flags);
        node.log().set_on_call([&, done = false](const Call& call) mutable {
            if (done || call.kind != Call::Kind::narrowed) return;
            done = true;
            zone.free_block(taken[3], Order{9U}, kUnmovableUnmapped, work);
            zone.free_block(taken[0], Order{8U}, kUnmovableUnmapped, work);
        });
        EXPECT_EQ(node.take(block_of(7, kUnmovableUnmapped)), taken[2]) << name;
        const Pfn rest = after(taken[2], 256);
        const std::vector<Pfn> expected =
            std::string_view{name} == "late" ? std::vector{rest, taken[0]} : std::vector{taken[0], rest};
        EXPECT_EQ(blocks_of(zone, Order{8U}, kUnmovableUnmapped), expected) << name;
    }
}

// --- freetypes without a list ---

TEST_F(Late, AMovableRequestCannotTakeUnmappedBlocksBack) {
    node.unmap_all();
    EXPECT_FALSE(node.take(block_of(0, kMovable)).has_value());
    EXPECT_FALSE(node.take(block_of(0, kReclaimable)).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 0U);
}

TEST_F(Early, AMovableRequestClaimsAnUnmappedBlockThroughTheFallbacks) {
    node.unmap_all();
    const Pfn page = node.take(block_of(0, kMovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 1U);
    EXPECT_EQ(node.zone().pageblock_freetype(page), kMovable);
    for (std::uint64_t i = 0; i < 512; ++i) EXPECT_TRUE(node.memory.mapped(after(page, i))) << i;
    // The other half of the largest block that it was part of stays as it was.
    EXPECT_EQ(node.zone().pageblock_freetype(page + kPageblock), kUnmovableUnmapped);
    EXPECT_EQ(blocks_of(node.zone(), Order{9U}, kUnmovableUnmapped), (std::vector{page + kPageblock}));
}

TEST_F(Early, AnUnmappedMovableRequestFindsNoListEither) {
    EXPECT_FALSE(node.take(block_of(0, {Migratetype::movable, Mapping::unmapped})).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
}

// --- who zeroes ---

AllocRequest zeroed(FreeType type) {
    AllocRequest request = block_of(1, type);
    request.contents = Contents::zeroed;
    return request;
}

TEST_F(Late, AZeroedUnmappedRequestIsRefused) {
    EXPECT_FALSE(node.take(zeroed(kUnmovableUnmapped)).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::failed_allocations), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
}

TEST_F(Early, AZeroedUnmappedRequestIsClearedByTheAllocatorThroughALocalMapping) {
    (void)node.take(zeroed(kUnmovableUnmapped)).value();
    EXPECT_EQ(node.log().story("local_map clear"), "local_map*2 clear*2");
    EXPECT_EQ(node.counted(&KernelCounters::pages_zeroed), 2U);
}

TEST_F(Late, AZeroedMappedRequestIsClearedByTheAllocator) {
    (void)node.take(zeroed(kMovable)).value();
    EXPECT_EQ(node.log().story("local_map clear"), "clear*2");
}

TEST_F(Early, ItsStrategyDoesNotClearASecondTime) {
    (void)node.kernel.strategy->acquire(node.cpu(), AllocRequest{}).value();
    EXPECT_EQ(node.log().story("local_map clear handed_out"), "local_map clear handed_out");
}

// --- compaction ---

TEST_F(Late, CompactionForAnUnmappedRequestWorksForAWholePageblock) {
    EXPECT_EQ(node.pages.compaction_order(kUnmappedPage), kPageblockOrder);
    EXPECT_EQ(node.pages.compaction_order(block_of(10, kUnmovableUnmapped)), kMaxOrder);
    EXPECT_EQ(node.pages.compaction_order(block_of(3, kUnmovable)), Order{3U});  // not symmetric
}

TEST_F(Early, CompactionWorksForTheRequestsOwnOrder) { EXPECT_EQ(node.pages.compaction_order(kUnmappedPage), Order{0U}); }

// --- the same in both ---

TEST(BothGenerations, RefuseToFlipForARequestThatMayNotBlock) {
    for (const char* name : {"late", "early"}) {
        FlipNode node{generation(name)};
        EXPECT_FALSE(node.take(block_of(0, kUnmovableUnmapped, Blocking::may_not_block)).has_value());
        node.unmap_all();
        EXPECT_FALSE(node.take(block_of(0, kUnmovable, Blocking::may_not_block)).has_value());
        EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 0U);
    }
}

TEST(BothGenerations, TakeUnmappedBlocksBackOnlyAfterAllMappedFallbacksFail) {
    for (const char* name : {"late", "early"}) {
        FlipNode node{generation(name)};
        (void)node.take(block_of(10, kUnmovableUnmapped)).value();
        node.pages.free_to_buddy(node.cpu(), node.take(block_of(9, kUnmovableUnmapped)).value(), Order{9U});
        while (node.counted(&KernelCounters::flips_to_mapped) == 0) ASSERT_TRUE(node.take(block_of(0, kUnmovable)).has_value());
        node.zone().for_each_free(
            [&](Pfn, Order, std::size_t list) { EXPECT_EQ(list, 0U) << "mapped memory of another type"; });
    }
}

}  // namespace
}  // namespace splinter::alloc
