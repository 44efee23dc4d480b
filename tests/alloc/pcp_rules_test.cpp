#include "alloc/buddy/pcp_rules.h"

#include <gtest/gtest.h>

namespace splinter::alloc {
namespace {

constexpr ZoneFill kEnough = ZoneFill::above_high;
PageCount pages(std::uint64_t n) { return PageCount{n}; }

// A list of 63 a batch and 504 at most, with `count` pages.
PcpState state_of(std::uint64_t count) {
    PcpState state;
    state.count = pages(count);
    state.batch = pages(63);
    state.high = state.high_min = state.high_max = pages(504);
    return state;
}

// --- 6.1 ---

const PcpRules& k61 = pcp_rules_6_1();

TEST(PcpRules6_1, ARefillIsOneBatchOfPagesButAtLeastTwoBlocks) {
    PcpState state = state_of(0);
    const std::pair<unsigned, unsigned> expected[] = {{0, 63}, {1, 31}, {2, 15}, {3, 7}, {9, 2}};
    for (auto [order, blocks] : expected) EXPECT_EQ(k61.refill_blocks(state, Order{order}, kEnough), blocks) << order;
    state.batch = pages(1);
    EXPECT_EQ(k61.refill_blocks(state, Order{0U}, kEnough), 1U);
    EXPECT_EQ(k61.refill_blocks(state, Order{3U}, kEnough), 1U);
}

TEST(PcpRules6_1, NothingIsDrainedBelowHigh) {
    PcpState state = state_of(503);
    EXPECT_EQ(k61.on_free(state, Order{0U}, kEnough), pages(0));
    EXPECT_EQ(state.factor, 0U);
}

TEST(PcpRules6_1, DrainsDoubleUpToHighLessABatch) {
    PcpState state = state_of(504);
    for (std::uint64_t drained : {63, 126, 252, 441, 441}) EXPECT_EQ(k61.on_free(state, Order{0U}, kEnough), pages(drained));
    EXPECT_EQ(state.factor, 3U);  // 504 does not fit, so that it does not grow further
}

TEST(PcpRules6_1, DrainsDoubleFiveTimesAtMost) {
    PcpState state = state_of(10000);
    state.high = pages(10000);
    for (int i = 0; i < 5; ++i) (void)k61.on_free(state, Order{0U}, kEnough);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(k61.on_free(state, Order{0U}, kEnough), pages(2016));
}

TEST(PcpRules6_1, AnAllocationHalvesTheFactor) {
    PcpState state = state_of(504);
    state.factor = 3;
    k61.on_allocate(state);
    EXPECT_EQ(state.factor, 1U);
}

TEST(PcpRules6_1, AHighOrderFreeAfterADrainEmptiesTheLists) {
    PcpState state = state_of(100);
    EXPECT_EQ(k61.on_free(state, Order{1U}, kEnough), pages(0));
    state.factor = 1;
    EXPECT_EQ(k61.on_free(state, Order{0U}, kEnough), pages(0));
    EXPECT_EQ(k61.on_free(state, Order{9U}, kEnough), pages(0));
    EXPECT_EQ(k61.on_free(state, Order{3U}, kEnough), pages(100));
}

TEST(PcpRules6_1, HighBelowABatchDrainsOnePageAtATime) {
    PcpState state = state_of(10);
    state.high = pages(0);
    EXPECT_EQ(k61.on_free(state, Order{0U}, kEnough), pages(1));
}

TEST(PcpRules6_1, NothingDecays) {
    PcpState state = state_of(5000);
    EXPECT_EQ(k61.decay(state, state.count), pages(0));
    EXPECT_EQ(state.high, pages(504));
}

// --- 6.12 ---

const PcpRules& k612 = pcp_rules_6_12();

PcpState floating(std::uint64_t count) {
    PcpState state = state_of(count);
    state.high_max = pages(10000);
    return state;
}

TEST(PcpRules6_12, RefillsOfPagesDoubleFiveTimes) {
    PcpState state = floating(0);
    state.high = state.high_min = pages(9000);
    for (unsigned blocks : {63, 126, 252, 504, 1008, 2016, 2016})
        EXPECT_EQ(k612.refill_blocks(state, Order{0U}, kEnough), blocks);
}

TEST(PcpRules6_12, RefillsOfBlocksAreOneBatchOfPages) {
    PcpState state = state_of(0);
    state.factor = 3;
    const std::pair<unsigned, unsigned> expected[] = {{1, 31}, {2, 15}, {3, 7}, {9, 2}};
    for (auto [order, blocks] : expected) EXPECT_EQ(k612.refill_blocks(state, Order{order}, kEnough), blocks) << order;
    EXPECT_EQ(state.factor, 3U);
}

TEST(PcpRules6_12, ARefillLeavesRoomForABatchBelowHigh) {
    PcpState state = state_of(300);
    state.factor = 4;
    EXPECT_EQ(k612.refill_blocks(state, Order{0U}, kEnough), 504U - 300 - 63);
    EXPECT_EQ(state.factor, 4U);
}

TEST(PcpRules6_12, ARefillRaisesHighByItselfUpToTheMost) {
    PcpState state = floating(0);
    (void)k612.refill_blocks(state, Order{0U}, kEnough);
    EXPECT_EQ(state.high, pages(504 + 63));
    state.high_max = pages(600);
    (void)k612.refill_blocks(state, Order{0U}, kEnough);
    EXPECT_EQ(state.high, pages(600));
}

TEST(PcpRules6_12, HighStaysWhereTheZoneIsBelowItsHighWatermark) {
    PcpState state = floating(0);
    (void)k612.refill_blocks(state, Order{0U}, ZoneFill::below_high);
    EXPECT_EQ(state.high, pages(504));
}

TEST(PcpRules6_12, AFreeHalvesTheRefillsAndAnAllocationTheDrains) {
    PcpState state = floating(10);
    state.factor = 3;
    state.free_count = pages(100);
    (void)k612.on_free(state, Order{0U}, kEnough);
    EXPECT_EQ(state.factor, 1U);
    EXPECT_EQ(state.free_count, pages(101));
    k612.on_allocate(state);
    EXPECT_EQ(state.free_count, pages(50));
}

TEST(PcpRules6_12, ADrainIsAsLongAsTheSeriesOfFrees) {
    const std::pair<std::uint64_t, std::uint64_t> expected[] = {{0, 63}, {99, 100}, {2000, 441}};
    for (auto [series, drained] : expected) {
        PcpState state = state_of(504);
        state.free_count = pages(series);
        EXPECT_EQ(k612.on_free(state, Order{0U}, kEnough), pages(drained)) << series;
    }
}

TEST(PcpRules6_12, ASeriesCountsUpTo32Batches) {
    PcpState state = state_of(0);
    state.free_count = pages(2015);
    (void)k612.on_free(state, Order{3U}, kEnough);
    EXPECT_EQ(state.free_count, pages(2023));
    (void)k612.on_free(state, Order{3U}, kEnough);
    EXPECT_EQ(state.free_count, pages(2023));
}

TEST(PcpRules6_12, HighRisesToHoldTheSeriesAndABatch) {
    PcpState state = floating(504);
    state.free_count = pages(999);
    EXPECT_EQ(k612.on_free(state, Order{0U}, kEnough), pages(441));  // by the limit of before
    EXPECT_EQ(state.high, pages(1000 + 63));
}

TEST(PcpRules6_12, BelowTheHighWatermarkHighSinksAndTheListsAreDrained) {
    PcpState state = floating(600);
    state.high = pages(1000);
    state.free_count = pages(99);
    EXPECT_EQ(k612.on_free(state, Order{0U}, ZoneFill::below_high), pages(100));
    EXPECT_EQ(state.high, pages(900));
}

TEST(PcpRules6_12, ASecondHighOrderFreeAfterABatchOfFreesEmptiesTheLists) {
    PcpState state = floating(100);
    state.free_count = pages(63);
    EXPECT_EQ(k612.on_free(state, Order{1U}, kEnough), pages(0));
    EXPECT_EQ(k612.on_free(state, Order{1U}, kEnough), pages(100));
    state = floating(100);
    state.free_count = pages(63);
    (void)k612.on_free(state, Order{1U}, kEnough);
    (void)k612.on_free(state, Order{0U}, kEnough);  // interrupts the run
    EXPECT_EQ(k612.on_free(state, Order{1U}, kEnough), pages(0));
}

TEST(PcpRules6_12, AListOfLessThanABatchIsKeptIfTheCacheIsLarge) {
    PcpState state = floating(62);
    state.free_count = pages(63);
    state.freed_high_order = true;
    EXPECT_EQ(k612.on_free(state, Order{1U}, kEnough), pages(0));
    state.free_count = pages(63);
    state.keeps_high_batch = false;
    EXPECT_EQ(k612.on_free(state, Order{1U}, kEnough), pages(62));
}

TEST(PcpRules6_12, HighDecaysByAnEighthDownToTheLeast) {
    PcpState state = floating(0);
    state.high = pages(800);
    EXPECT_EQ(k612.decay(state, state.count), pages(0));
    EXPECT_EQ(state.high, pages(700));
    state.high = pages(510);
    (void)k612.decay(state, state.count);
    EXPECT_EQ(state.high, pages(504));
}

TEST(PcpRules6_12, ADecayDrainsAtMost32Batches) {
    PcpState state = floating(7900);
    state.high = pages(8000);
    EXPECT_EQ(k612.decay(state, state.count), pages(900));  // to 7000, an eighth less
    state = floating(9900);
    state.high = pages(8000);
    EXPECT_EQ(k612.decay(state, state.count), pages(2016));
    EXPECT_EQ(state.high, pages(9900 - 2016));
}

}  // namespace
}  // namespace splinter::alloc
