#include "hw/mmu/replacement.h"

#include <gtest/gtest.h>

#include <set>

namespace splinter::hw {
namespace {

TlbParams one_set(std::uint64_t ways, const char* policy) { return {ways, ways, "4k", "linear", policy}; }

// A set on which ways are used one by one.
class UsedSet {
  public:
    UsedSet(std::uint64_t ways, const char* policy) : replacement_{one_set(ways, policy)} {}
    UsedSet& use(std::initializer_list<std::size_t> ways) {
        for (std::size_t way : ways) replacement_.touch(state_, 0, way);
        return *this;
    }
    [[nodiscard]] std::size_t victim() const { return replacement_.victim(state_, 0); }

  private:
    Replacement replacement_;
    std::uint64_t state_ = 0;
};

TEST(Replacement, LruReplacesWhatWasUsedLongestAgo) {
    EXPECT_EQ((UsedSet{4, "lru"}.use({2, 0, 3, 1, 2}).victim()), 0U);
    EXPECT_EQ((UsedSet{3, "lru"}.use({0, 1, 2, 0, 1}).victim()), 2U);
}

TEST(Replacement, LruSetsDoNotShareTheirAges) {
    Replacement replacement{TlbParams{4, 2, "4k", "linear", "lru"}};
    std::uint64_t state = 0;
    replacement.touch(state, 0, 0);
    replacement.touch(state, 1, 1);
    replacement.touch(state, 1, 0);
    replacement.touch(state, 0, 1);
    EXPECT_EQ(replacement.victim(0, 0), 0U);
    EXPECT_EQ(replacement.victim(0, 1), 1U);
}

TEST(Replacement, ATreePointsAwayFromEveryUse) {
    EXPECT_EQ((UsedSet{4, "tree-plru"}.use({0}).victim()), 2U);
    EXPECT_EQ((UsedSet{4, "tree-plru"}.use({0, 2}).victim()), 1U);
    EXPECT_EQ((UsedSet{4, "tree-plru"}.use({0, 2, 1}).victim()), 3U);
    EXPECT_EQ((UsedSet{4, "tree-plru"}.use({0, 2, 1, 3}).victim()), 0U);
}

// Where a tree is not true LRU: way 1 was used last but one, way 3 never.
TEST(Replacement, ATreeForgetsTheOrderInsideTheOtherHalf) {
    EXPECT_EQ((UsedSet{4, "tree-plru"}.use({0, 1, 2, 3, 0}).victim()), 2U);
    EXPECT_EQ((UsedSet{4, "lru"}.use({0, 1, 2, 3, 0}).victim()), 1U);
}

TEST(Replacement, ATreeNeverReplacesTheMostRecentlyUsedWay) {
    for (std::uint64_t ways : {2U, 4U, 8U, 16U, 32U}) {
        UsedSet set{ways, "tree-plru"};
        for (std::size_t use = 0; use < 200; ++use) {
            const std::size_t way = use * 7 % ways;
            EXPECT_NE(set.use({way}).victim(), way) << ways << " ways";
        }
    }
}

TEST(Replacement, ATreeFillsEveryWayBeforeItReplacesOneTwice) {
    for (std::uint64_t ways : {2U, 8U, 32U}) {
        UsedSet set{ways, "tree-plru"};
        std::set<std::size_t> victims;
        for (std::size_t fill = 0; fill < ways; ++fill) {
            victims.insert(set.victim());
            set.use({set.victim()});
        }
        EXPECT_EQ(victims.size(), ways);
    }
}

// TLB;DR: "(MRU+1)%3 PLRU4": the victim is in the group of four after the one that was used last.
TEST(Replacement, RotatingReplacesInTheGroupAfterTheMostRecentlyUsedOne) {
    EXPECT_EQ((UsedSet{12, "rotating-plru"}.use({0}).victim() / 4), 1U);
    EXPECT_EQ((UsedSet{12, "rotating-plru"}.use({0, 5}).victim() / 4), 2U);
    EXPECT_EQ((UsedSet{12, "rotating-plru"}.use({0, 5, 11}).victim() / 4), 0U);
}

TEST(Replacement, RotatingFollowsTheTreeInsideAGroup) {
    EXPECT_EQ((UsedSet{12, "rotating-plru"}.use({4, 0}).victim()), 6U);
    EXPECT_EQ((UsedSet{12, "rotating-plru"}.use({4, 6, 0}).victim()), 5U);
}

TEST(Replacement, RotatingFillsAllTwelveWays) {
    UsedSet set{12, "rotating-plru"};
    std::set<std::size_t> victims;
    for (int fill = 0; fill < 12; ++fill) {
        victims.insert(set.victim());
        set.use({set.victim()});
    }
    EXPECT_EQ(victims.size(), 12U);
}

TEST(Replacement, UsingTheMostRecentlyUsedWayAgainChangesNothing) {
    for (const char* policy : {"tree-plru", "rotating-plru"}) {
        Replacement replacement{one_set(policy == std::string_view{"tree-plru"} ? 8 : 12, policy)};
        std::uint64_t state = 0;
        for (std::size_t way : {1U, 6U, 3U, 7U, 0U}) {
            replacement.touch(state, 0, way);
            const std::uint64_t once = state;
            replacement.touch(state, 0, way);
            EXPECT_EQ(state, once) << policy;
        }
    }
}

TEST(Replacement, LeavesTheArraysBitsOfTheWordAlone) {
    constexpr std::uint64_t kArrays = ~std::uint64_t{0} << Replacement::kStateBits;
    for (const auto& [ways, policy] : {std::pair{4U, "lru"}, {4U, "tree-plru"}, {32U, "tree-plru"}, {12U, "rotating-plru"}}) {
        Replacement with{one_set(ways, policy)};
        Replacement without{one_set(ways, policy)};
        std::uint64_t state = kArrays;
        std::uint64_t plain = 0;
        for (std::size_t way : {1U, 3U, 0U, 2U}) {
            with.touch(state, 0, way);
            without.touch(plain, 0, way);
            EXPECT_EQ(state, kArrays | plain) << policy << ways;
            EXPECT_EQ(with.victim(state, 0), without.victim(plain, 0)) << policy << ways;
        }
    }
}

}  // namespace
}  // namespace splinter::hw
