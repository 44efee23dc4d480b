#include "alloc/buddy/fallback.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_memory.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

constexpr Pfn kFallbackStart{kLargestBlock.raw()};

struct Fallback : ::testing::Test {
    FrameTable frames{times(kLargestBlock, 16)};
    Zone zone{zone_layout({kFallbackStart, times(kLargestBlock, 8)}), frames};
    BuddyWork work;
    TakeMode mode = TakeMode::normal;

    // A free block whose pageblock has its type.
    Pfn add(std::uint64_t offset, unsigned order, FreeType type) {
        const Pfn block = after(kFallbackStart, offset);
        for (Pfn at = block; at < block + Order{order}.pages(); at += kPageblock) {
            zone.set_pageblock_migratetype(at, type.migratetype);
            zone.set_pageblock_flags(at, type.flags);
        }
        zone.free_block(block, Order{order}, type, work);
        work = {};
        return block;
    }
    std::optional<Pfn> take(unsigned order, FreeType type) { return take_block(zone, Order{order}, type, mode, work); }
};

TEST_F(Fallback, TheOwnListServesFirst) {
    add(0, 9, kReclaimable);
    const Pfn own = add(1024, 0, kUnmovable);
    EXPECT_EQ(take(0, kUnmovable), own);
    EXPECT_EQ(work.fallbacks, 0U);
}

TEST_F(Fallback, UnmovableFallsBackToReclaimableThenMovable) {
    const Pfn movable = add(0, 9, kMovable);
    const Pfn reclaimable = add(1024, 9, kReclaimable);
    EXPECT_EQ(take(9, kUnmovable), reclaimable);
    EXPECT_EQ(take(9, kUnmovable), movable);
    EXPECT_EQ(work.fallbacks, 2U);
}

TEST_F(Fallback, MovableFallsBackToReclaimableThenUnmovable) {
    const Pfn unmovable = add(0, 9, kUnmovable);
    const Pfn reclaimable = add(1024, 9, kReclaimable);
    EXPECT_EQ(take(9, kMovable), reclaimable);
    EXPECT_EQ(take(9, kMovable), unmovable);
}

TEST_F(Fallback, ReclaimableFallsBackToUnmovableThenMovable) {
    const Pfn movable = add(0, 9, kMovable);
    const Pfn unmovable = add(1024, 9, kUnmovable);
    EXPECT_EQ(take(9, kReclaimable), unmovable);
    EXPECT_EQ(take(9, kReclaimable), movable);
}

TEST_F(Fallback, AClaimTakesTheLargestBlockAndItsPageblockChangesType) {
    add(0, 5, kMovable);
    const Pfn whole = add(1024, 9, kMovable);
    EXPECT_EQ(take(0, kUnmovable), whole);
    EXPECT_EQ(zone.pageblock_freetype(whole), kUnmovable);
    EXPECT_EQ(zone.pageblock_freetype(kFallbackStart), kMovable);
    for (unsigned order = 0; order < 9; ++order)
        EXPECT_EQ(blocks_of(zone, Order{order}, kUnmovable), (std::vector{after(whole, std::uint64_t{1} << order)})) << order;
    EXPECT_EQ(mode, TakeMode::normal);
}

TEST_F(Fallback, AClaimOfALargestBlockTakesBothPageblocks) {
    const Pfn whole = add(0, 10, kMovable);
    EXPECT_EQ(take(0, kUnmovable), whole);
    EXPECT_EQ(zone.pageblock_freetype(whole), kUnmovable);
    EXPECT_EQ(zone.pageblock_freetype(whole + kPageblock), kUnmovable);
}

TEST_F(Fallback, APageblockWithHalfOfItFreeIsClaimed) {
    const Pfn half = add(0, 8, kReclaimable);
    EXPECT_EQ(take(0, kUnmovable), half);
    EXPECT_EQ(zone.pageblock_freetype(half), kUnmovable);
    EXPECT_TRUE(blocks_of(zone, Order{0U}, kReclaimable).empty());
    EXPECT_EQ(blocks_of(zone, Order{7U}, kUnmovable), (std::vector{after(half, 128)}));
}

TEST_F(Fallback, APageblockWithOnePageLessIsStolenFrom) {
    for (unsigned order = 0; order < 8; ++order) add(std::uint64_t{1} << order, order, kReclaimable);  // 255 pages
    EXPECT_EQ(take(0, kUnmovable), after(kFallbackStart, 1));
    EXPECT_EQ(zone.pageblock_freetype(kFallbackStart), kReclaimable);
    EXPECT_TRUE(blocks_of(zone, Order{7U}, kUnmovable).empty());
    EXPECT_EQ(mode, TakeMode::steal);
}

TEST_F(Fallback, PagesInUseOfAMovablePageblockCountAsAlikeForOthers) {
    const Pfn page = add(0, 0, kMovable);
    EXPECT_EQ(take(0, kUnmovable), page);
    EXPECT_EQ(zone.pageblock_freetype(page), kUnmovable);
}

TEST_F(Fallback, AMovableRequestDoesNotClaimForLessThanHalfAPageblocksOrder) {
    const Pfn small = add(0, 3, kUnmovable);
    EXPECT_EQ(take(0, kMovable), small);
    EXPECT_EQ(zone.pageblock_freetype(small), kUnmovable);
    EXPECT_EQ(mode, TakeMode::steal);
    EXPECT_EQ(blocks_of(zone, Order{2U}, kUnmovable), (std::vector{after(small, 4)}));  // the rest keeps its list
}

TEST_F(Fallback, StealTakesTheSmallestSufficientBlock) {
    add(0, 3, kUnmovable);
    const Pfn small = add(1024, 1, kUnmovable);
    add(2048, 0, kUnmovable);
    EXPECT_EQ(take(1, kMovable), small);
}

TEST_F(Fallback, AStealingSeriesDoesNotLookAtItsOwnListAgain) {
    mode = TakeMode::steal;
    add(0, 0, kMovable);
    const Pfn other = add(1024, 2, kUnmovable);
    EXPECT_EQ(take(0, kMovable), other);
}

TEST_F(Fallback, APageblockAcrossTheZonesEdgeIsNotClaimed) {
    Zone odd{zone_layout({after(kFallbackStart, 256), kLargestBlock}), frames};
    odd.set_pageblock_migratetype(after(kFallbackStart, 256), Migratetype::reclaimable);
    odd.free_block(after(kFallbackStart, 256), Order{8U}, kReclaimable, work);
    EXPECT_EQ(take_block(odd, Order{0U}, kUnmovable, mode, work), after(kFallbackStart, 256));
    EXPECT_EQ(mode, TakeMode::steal);
    EXPECT_EQ(odd.pageblock_freetype(after(kFallbackStart, 256)), kReclaimable);
}

TEST_F(Fallback, AnUnmappedRequestFindsNothingInMappedBlocks) {
    for (FreeType type : {kMovable, kUnmovable, kReclaimable})
        add(1024 * (1 + static_cast<unsigned>(type.migratetype)), 10, type);
    EXPECT_FALSE(take(0, kUnmovableUnmapped).has_value());
}

TEST_F(Fallback, NoMappedRequestGetsAnUnmappedBlock) {
    const Pfn block = add(0, 10, kUnmovableUnmapped);
    for (FreeType type : {kMovable, kUnmovable, kReclaimable}) {
        mode = TakeMode::normal;
        EXPECT_FALSE(take(0, type).has_value());
    }
    mode = TakeMode::normal;
    EXPECT_EQ(take(0, kUnmovableUnmapped), block);
}

TEST_F(Fallback, AHighatomicRequestHasNoFallback) {
    add(0, 10, kMovable);
    EXPECT_FALSE(take(0, kMovable.with(Migratetype::highatomic)).has_value());
}

}  // namespace
}  // namespace splinter::alloc
