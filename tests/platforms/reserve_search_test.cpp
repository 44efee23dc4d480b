#include "platforms/reserve/reserve_search.h"

#include <gtest/gtest.h>

#include "platforms/reserve/closed_form.h"

namespace splinter::platforms {
namespace {

ReserveQuestion pba(unsigned order, unsigned splitters = 1) {
    ReserveQuestion question;
    question.tables.policy = "pba";
    question.tables.refill_orders = "9+4+" + std::to_string(order);
    question.lowest_order = Order{order};
    question.splitters = splitters;
    return question;
}

ReserveQuestion freetype(unsigned splitters = 1) {
    ReserveQuestion question;
    question.tables.policy = "freetype-key";
    question.lowest_order = alloc::kPageblockOrder;
    question.splitters = splitters;
    return question;
}

constexpr unsigned kLimit = 20;

// K. Brodsky's constant, PBA_NR_RESERVED_PAGES = 4, is tight.
TEST(ReserveSearch, FindsFourForTheRulesOfV6) {
    const ReserveAnswer answer = find_reserve(pba(2), kLimit);
    EXPECT_EQ(answer.smallest, 4U) << answer.failure;
    EXPECT_FALSE(answer.failure.empty());  // of a reserve of 3
    EXPECT_EQ(closed_form(pba(2)), 4U);
}

TEST(ReserveSearch, FindsNoSafeReserveWithALowestOrderOfOne) {
    const ReserveAnswer answer = find_reserve(pba(1), kLimit);
    EXPECT_FALSE(answer.smallest.has_value());
    EXPECT_EQ(closed_form(pba(1)), std::nullopt);
}

class RacingSplitters : public ::testing::TestWithParam<unsigned> {};

TEST_P(RacingSplitters, NeedTwoPagesEachAndTwoForTheRefill) {
    const unsigned splitters = GetParam();
    EXPECT_EQ(find_reserve(pba(2, splitters), kLimit).smallest, 2 * splitters + 2);
    EXPECT_EQ(closed_form(pba(2, splitters)), 2 * splitters + 2);
}
INSTANTIATE_TEST_SUITE_P(ReserveSearch, RacingSplitters, ::testing::Values(2U, 3U, 4U));

TEST(ReserveSearch, FindsFourForRacingSplittersUnderOneSplitLock) {
    ReserveQuestion question = pba(2, 3);
    question.tables.split_lock = "global";
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 4U);
    EXPECT_EQ(closed_form(question), 4U);
}

TEST(ReserveSearch, FindsThreeAndTwoWithADirectMapOfTwoMebibyteLeaves) {
    ReserveQuestion question = pba(2);
    question.leaf = x86::PageSize::m2;
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 2U);
    question.change = ChangeShape::range;
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 3U);
}

TEST(ReserveSearch, FindsFiveAndSixForChangesThatNeedThreeAndFourPages) {
    ReserveQuestion question = pba(2);
    question.change = ChangeShape::range;
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 5U);
    question.change = ChangeShape::two_leaves;
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 6U);
}

// A flip of a pageblock takes one page, a change of a single page two.
TEST(ReserveSearch, FindsTwoPerSplitterAndOneForFreetypes) {
    EXPECT_EQ(find_reserve(freetype(), kLimit).smallest, 3U);
    EXPECT_EQ(closed_form(freetype()), 3U);
    EXPECT_EQ(find_reserve(freetype(2), kLimit).smallest, 5U);
    EXPECT_EQ(closed_form(freetype(2)), 5U);
}

// With no mutex an allocation and each change may flip a block at the same time.
TEST(ReserveSearch, FindsOnePerSplitterMoreForFreetypesWithoutALockOverFlips) {
    ReserveQuestion question = freetype();
    question.tables.flip_lock = "none";
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 4U);
    EXPECT_EQ(closed_form(question), 4U);
    question.splitters = 2;
    EXPECT_EQ(find_reserve(question, kLimit).smallest, 7U);
    EXPECT_EQ(closed_form(question), 7U);
}

TEST(ReserveSearch, FindsOneForFreetypesUnderLargeLeaves) {
    ReserveQuestion question = freetype();
    question.leaf = x86::PageSize::m2;
    EXPECT_EQ(find_reserve(question, kLimit).smallest, closed_form(question));
    EXPECT_EQ(closed_form(question), 1U);
}

}  // namespace
}  // namespace splinter::platforms
