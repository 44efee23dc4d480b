// Each rule in which Linux 6.1 and 6.12 differ, under both.
#include "alloc/buddy/kernel_rules.h"

#include <gtest/gtest.h>

#include "alloc/buddy/pcp.h"
#include "tests/alloc/test_memory.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

using Blocks = std::vector<Pfn>;

constexpr Pfn kRulesStart{kLargestBlock.raw()};

// What the tracepoints said, and an answer to claims.
struct Listener : Tracepoints {
    std::vector<Pfn> takes;
    std::vector<Fallback> fallbacks;
    std::vector<Migratetype> drained_types;
    std::optional<bool> answer;
    void taken(Pfn block, Order, Migratetype) override { takes.push_back(block); }
    void fell_back(const Fallback& fallback) override { fallbacks.push_back(fallback); }
    void drained(Pfn, Order, Migratetype type) override { drained_types.push_back(type); }
    bool claims(const Claim& claim) override { return answer.value_or(claim.without_movable_pages); }
};

struct OneZone {
    explicit OneZone(const KernelRules& rules, PfnRange span = {kRulesStart, times(kLargestBlock, 8)})
        : zone{zone_layout(span), frames, rules} {
        zone.set_tracepoints(&listener);
    }
    // A free block whose pageblocks have its type.
    Pfn add(std::uint64_t offset, unsigned order, FreeType type) {
        const Pfn block = after(kRulesStart, offset);
        for (Pfn at = block; at < block + Order{order}.pages(); at += kPageblock)
            zone.set_pageblock_migratetype(at, type.migratetype);
        zone.add_free_block(block, Order{order}, type.migratetype);
        return block;
    }
    std::optional<Pfn> take(unsigned order, FreeType type, Fragmenting fragmenting = Fragmenting::allowed) {
        return take_block(zone, Order{order}, type, mode, work, fragmenting);
    }
    Blocks list(unsigned order, FreeType type) const { return blocks_of(zone, Order{order}, type); }

    FrameTable frames{times(kLargestBlock, 16)};
    Zone zone;
    Listener listener;
    BuddyWork work;
    TakeMode mode = TakeMode::normal;
};

TEST(KernelRules, AreFoundByVersionAndStableRelease) {
    EXPECT_EQ(find_kernel_rules("6.1"), &kLinux6_1);
    EXPECT_EQ(find_kernel_rules("6.1.192"), &kLinux6_1);
    EXPECT_EQ(find_kernel_rules("6.12.117"), &kLinux6_12);
    for (const char* other : {"5.15.1", "6", "6.10.2", "6.13"}) EXPECT_EQ(find_kernel_rules(other), nullptr) << other;
}

// --- merges and frees ---

TEST(Linux6_1, AMergedPageblockKeepsItsType) {
    OneZone on{kLinux6_1};
    const Pfn movable = on.add(0, 9, kMovable);
    on.zone.set_pageblock_migratetype(after(kRulesStart, 512), Migratetype::unmovable);
    on.zone.free_block(after(kRulesStart, 512), Order{9U}, kUnmovable, on.work);
    EXPECT_EQ(on.list(10, kUnmovable), (Blocks{movable}));
    EXPECT_EQ(on.zone.pageblock_freetype(movable), kMovable);
}

TEST(Linux6_12, AMergedPageblockTakesTheFreedType) {
    OneZone on{kLinux6_12};
    const Pfn movable = on.add(0, 9, kMovable);
    on.zone.set_pageblock_migratetype(after(kRulesStart, 512), Migratetype::unmovable);
    on.zone.free_block(after(kRulesStart, 512), Order{9U}, kUnmovable, on.work);
    EXPECT_EQ(on.list(10, kUnmovable), (Blocks{movable}));
    EXPECT_EQ(on.zone.pageblock_freetype(movable), kUnmovable);
}

TEST(Linux6_1, ALargestBlockIsFreedWholeUnderTheTypeOfItsFirstPageblock) {
    OneZone on{kLinux6_1};
    on.zone.set_pageblock_migratetype(kRulesStart, Migratetype::highatomic);
    on.zone.free_directly(kRulesStart, kMaxOrder, on.work);
    EXPECT_EQ(on.list(10, kMovable.with(Migratetype::highatomic)), (Blocks{kRulesStart}));
}

TEST(Linux6_12, ALargestBlockIsFreedByPageblocksUnderTheirTypes) {
    OneZone on{kLinux6_12};
    on.zone.set_pageblock_migratetype(kRulesStart, Migratetype::highatomic);
    on.zone.free_directly(kRulesStart, kMaxOrder, on.work);
    EXPECT_EQ(on.list(9, kMovable.with(Migratetype::highatomic)), (Blocks{kRulesStart}));
    EXPECT_EQ(on.list(9, kMovable), (Blocks{after(kRulesStart, 512)}));
}

// --- the first pageblock of a zone that begins inside of it, as zone DMA's does ---

constexpr PfnRange kDmaLike{Pfn{kRulesStart.raw() + 1}, PageCount{4095}};

TEST(Linux6_1, InAnEdgePageblockBlocksMoveFromThePageOn) {
    OneZone on{kLinux6_1, kDmaLike};
    on.add(64, 0, kMovable);
    on.add(128, 0, kMovable);
    EXPECT_EQ(on.zone.move_pageblock(after(kRulesStart, 128), kUnmovable, on.work), PageCount{1});
    EXPECT_EQ(on.list(0, kMovable), (Blocks{after(kRulesStart, 64)}));
    EXPECT_EQ(on.list(0, kUnmovable), (Blocks{after(kRulesStart, 128)}));
}

TEST(Linux6_12, InAnEdgePageblockNothingMoves) {
    OneZone on{kLinux6_12, kDmaLike};
    on.add(64, 0, kMovable);
    EXPECT_EQ(on.zone.move_pageblock(after(kRulesStart, 64), kUnmovable, on.work), PageCount{0});
    EXPECT_EQ(on.list(0, kMovable), (Blocks{after(kRulesStart, 64)}));
}

// --- drains ---

// A block freed while its pageblock was movable, drained after that became unmovable.
Migratetype drained_type(const KernelRules& rules) {
    OneZone on{rules};
    PerCpuPages lists;
    lists.push(on.frames, PerCpuPages::list_index(Order{0U}, Migratetype::movable), kRulesStart, Migratetype::movable);
    on.zone.set_pageblock_migratetype(kRulesStart, Migratetype::unmovable);
    free_pcppages_bulk(on.zone, lists, PageCount{1}, 0, [](Order, const BuddyWork&) {});
    return on.listener.drained_types.at(0);
}

TEST(Linux6_1, ADrainedBlockHasTheTypeThatItWasFreedAs) { EXPECT_EQ(drained_type(kLinux6_1), Migratetype::movable); }
TEST(Linux6_12, ADrainedBlockHasTheTypeThatItsPageblockHasNow) { EXPECT_EQ(drained_type(kLinux6_12), Migratetype::unmovable); }

// --- fallbacks of 6.1 (those of 6.12: fallback_test.cpp) ---

TEST(Linux6_1, TheLargestForeignBlockMovesAndServes) {
    OneZone on{kLinux6_1};
    on.add(0, 9, kMovable);
    const Pfn largest = on.add(2048, 10, kMovable);
    EXPECT_EQ(on.take(0, kUnmovable), largest);
    EXPECT_EQ(on.zone.pageblock_freetype(largest), kUnmovable);
    EXPECT_EQ(on.zone.pageblock_freetype(after(largest, 512)), kUnmovable);
    EXPECT_EQ(on.list(9, kUnmovable), (Blocks{after(largest, 512)}));
}

TEST(Linux6_1, AMovableRequestSplitsTheSmallestForeignBlockInsteadAndKeepsTheRest) {
    OneZone on{kLinux6_1};
    on.add(0, 3, kUnmovable);
    const Pfn small = on.add(1024, 2, kUnmovable);
    EXPECT_EQ(on.take(0, kMovable), small);
    EXPECT_EQ(on.zone.pageblock_freetype(small), kUnmovable);
    EXPECT_EQ(on.list(1, kMovable), (Blocks{after(small, 2)}));  // 6.12 leaves it on the foreign list
}

TEST(Linux6_1, AMovableRequestTakesThePageblockFromHalfOfItsOrderOn) {
    OneZone on{kLinux6_1};
    on.add(0, 4, kUnmovable);
    on.add(32, 0, kUnmovable);
    EXPECT_EQ(on.take(0, kMovable), after(kRulesStart, 32));  // all that is free there moves, a page serves
    EXPECT_EQ(on.list(4, kMovable), (Blocks{kRulesStart}));
    EXPECT_EQ(on.zone.pageblock_freetype(kRulesStart), kUnmovable);  // 17 pages are less than half
}

TEST(Linux6_1, TheFreeBlocksOfAPageblockMoveEvenIfItIsNotClaimed) {
    OneZone on{kLinux6_1};
    on.add(0, 3, kReclaimable);
    on.add(16, 2, kReclaimable);
    EXPECT_EQ(on.take(2, kUnmovable), after(kRulesStart, 16));
    EXPECT_EQ(on.list(3, kUnmovable), (Blocks{kRulesStart}));
    EXPECT_EQ(on.zone.pageblock_freetype(kRulesStart), kReclaimable);
    EXPECT_FALSE(on.listener.fallbacks.at(0).owns_pageblock);
}

TEST(Linux6_1, HalfAPageblockIsClaimedAndOnePageLessIsNot) {
    OneZone half{kLinux6_1};
    half.add(0, 8, kReclaimable);
    half.take(0, kUnmovable);
    EXPECT_EQ(half.zone.pageblock_freetype(kRulesStart), kUnmovable);
    OneZone less{kLinux6_1};
    for (unsigned order = 0; order < 8; ++order) less.add(std::uint64_t{1} << order, order, kReclaimable);  // 255 pages
    less.take(0, kUnmovable);
    EXPECT_EQ(less.zone.pageblock_freetype(kRulesStart), kReclaimable);
}

TEST(Linux6_1, ABlockOfAHighatomicPageblockMovesAloneAndIsNotClaimed) {
    OneZone on{kLinux6_1};
    on.add(0, 8, kMovable);
    on.add(256, 7, kMovable);
    on.zone.set_pageblock_migratetype(kRulesStart, Migratetype::highatomic);
    EXPECT_EQ(on.take(8, kUnmovable), kRulesStart);
    EXPECT_EQ(on.list(7, kMovable), (Blocks{after(kRulesStart, 256)}));
    EXPECT_EQ(on.zone.pageblock_freetype(kRulesStart).migratetype, Migratetype::highatomic);
}

TEST(Linux6_1, AnEdgePageblockThatEndsBehindTheZoneGivesTheOneBlock) {
    OneZone on{kLinux6_1, {kRulesStart, PageCount{300}}};
    on.add(0, 4, kReclaimable);
    on.add(32, 3, kReclaimable);
    EXPECT_EQ(on.take(0, kUnmovable), kRulesStart);
    EXPECT_EQ(on.list(3, kReclaimable), (Blocks{after(kRulesStart, 32)}));
}

// --- who decides about a claim, and what is said about it ---

class EachKernel : public ::testing::TestWithParam<const KernelRules*> {};

TEST_P(EachKernel, MovablePagesCanTurnAClaimDown) {
    OneZone on{*GetParam()};
    on.add(0, 8, kMovable);
    on.listener.answer = false;
    EXPECT_EQ(on.take(0, kUnmovable), kRulesStart);
    EXPECT_EQ(on.zone.pageblock_freetype(kRulesStart), kMovable);
    EXPECT_FALSE(on.listener.fallbacks.at(0).owns_pageblock);
}

TEST_P(EachKernel, MovablePagesCanBringAClaimAbout) {
    OneZone on{*GetParam()};
    on.add(0, 5, kUnmovable);
    on.listener.answer = true;
    EXPECT_EQ(on.take(0, kMovable), kRulesStart);
    EXPECT_EQ(on.zone.pageblock_freetype(kRulesStart), kMovable);
    EXPECT_EQ(on.listener.fallbacks.at(0),
              (Fallback{kRulesStart, Order{0U}, Order{5U}, Migratetype::movable, Migratetype::unmovable, true}));
}

TEST_P(EachKernel, ARequestThatAvoidsFragmentingTakesNoForeignBlockBelowAPageblock) {
    OneZone on{*GetParam()};
    on.add(0, 8, kMovable);
    EXPECT_FALSE(on.take(0, kUnmovable, Fragmenting::avoided).has_value());
    EXPECT_EQ(on.list(8, kMovable), (Blocks{kRulesStart}));
    const Pfn whole = on.add(1024, 9, kMovable);
    EXPECT_EQ(on.take(0, kUnmovable, Fragmenting::avoided), whole);
}

TEST_P(EachKernel, ARequestOfAPageblockIsNotHinderedByThat) {
    OneZone on{*GetParam()};
    on.add(0, 9, kMovable);
    EXPECT_EQ(on.take(9, kUnmovable, Fragmenting::avoided), kRulesStart);
}

INSTANTIATE_TEST_SUITE_P(Rules, EachKernel, ::testing::Values(&kLinux6_1, &kLinux6_12),
                         [](const auto& test) { return test.param == &kLinux6_1 ? "Linux6_1" : "Linux6_12"; });

// mm_page_alloc_zone_locked comes with every take of 6.1, and in 6.12 with those that a list of the own type served.
TEST(Linux6_1, EveryTakeIsTraced) {
    OneZone on{kLinux6_1};
    on.add(0, 2, kUnmovable);
    on.take(0, kMovable);
    EXPECT_EQ(on.listener.takes, (Blocks{kRulesStart}));
}

TEST(Linux6_12, AStealIsTracedAsAFallbackOnly) {
    OneZone on{kLinux6_12};
    on.add(0, 2, kUnmovable);
    on.take(0, kMovable);
    EXPECT_TRUE(on.listener.takes.empty());
    EXPECT_EQ(on.listener.fallbacks.size(), 1U);
}

TEST(Linux6_12, AClaimOfPartOfAPageblockIsTracedAsATakeToo) {
    OneZone on{kLinux6_12};
    on.add(0, 8, kMovable);
    on.take(0, kUnmovable);
    EXPECT_EQ(on.listener.takes, (Blocks{kRulesStart}));
    EXPECT_EQ(on.listener.fallbacks.size(), 1U);
}

}  // namespace
}  // namespace splinter::alloc
