// Rule 5 of "exact and fast": a page-table store at t is seen by its own core at once; by another core from the earlier of t +
// L and that core's first ordering point at or after t.
#include "hw/mem/recent_stores.h"

#include <gtest/gtest.h>

namespace splinter::hw {
namespace {

constexpr Cycles kLookahead{100};
constexpr PhysAddr kEntry{0x1000};
constexpr PhysAddr kOtherEntry{0x2000};
constexpr CpuId kReader{0U};
constexpr CpuId kWriter{1U};
constexpr CpuId kThird{2U};
constexpr x86::Pte kOldEntry{1};
constexpr x86::Pte kNewEntry{2};
constexpr x86::Pte kNewest{3};
constexpr OrderPoint kNoOrderYet{Cycles{0}, kReader};

OrderPoint at(std::uint64_t time, CpuId cpu) { return {Cycles{time}, cpu}; }

class RecentStoresTest : public ::testing::Test {
  protected:
    void store(std::uint64_t time, CpuId cpu, x86::Pte value) {
        memory_ = stores_.record(at(time, cpu), kEntry, memory_, value);
    }
    [[nodiscard]] x86::Pte seen(std::uint64_t now, OrderPoint last_order = kNoOrderYet) const {
        return stores_.view(kReader, Cycles{now}, last_order, kEntry, memory_);
    }
    RecentStores stores_{kLookahead};
    x86::Pte memory_ = kOldEntry;  // what PhysMem holds
};

TEST_F(RecentStoresTest, OwnStoresAreSeenAtOnce) {
    store(1000, kReader, kNewEntry);
    EXPECT_EQ(seen(1000), kNewEntry);
}

TEST_F(RecentStoresTest, AnotherCoresStoreIsSeenFromTheLookaheadOnAndNotACycleEarlier) {
    store(1000, kWriter, kNewEntry);
    EXPECT_EQ(seen(1099), kOldEntry);
    EXPECT_EQ(seen(1100), kNewEntry);
}

TEST_F(RecentStoresTest, AnOrderingPointAfterTheStoreShowsIt) {
    store(1000, kWriter, kNewEntry);
    EXPECT_EQ(seen(1001, at(1000, kReader)), kOldEntry);  // core 0 comes before core 1 in the same cycle
    EXPECT_EQ(seen(1001, at(1001, kReader)), kNewEntry);
}

TEST_F(RecentStoresTest, InOneCycleTheOrderOfCoresDecides) {
    store(1000, kReader, kNewEntry);
    EXPECT_EQ(stores_.view(kWriter, Cycles{1000}, at(1000, kWriter), kEntry, memory_), kNewEntry);
}

TEST_F(RecentStoresTest, OfSeveralStoresTheLastVisibleOneIsSeen) {
    store(1000, kWriter, kNewEntry);
    store(1050, kWriter, kNewest);
    EXPECT_EQ(seen(1099), kOldEntry);
    EXPECT_EQ(seen(1100), kNewEntry);
    EXPECT_EQ(seen(1149), kNewEntry);
    EXPECT_EQ(seen(1150), kNewest);
}

TEST_F(RecentStoresTest, OwnLaterStoreHidesAnEarlierOneOfAnother) {
    store(1000, kWriter, kNewEntry);
    store(1050, kReader, kNewest);
    EXPECT_EQ(seen(1060), kNewest);
    EXPECT_EQ(seen(1200), kNewest);
}

TEST_F(RecentStoresTest, OtherEntriesAreSeenAsTheyStandInMemory) {
    store(1000, kWriter, kNewEntry);
    EXPECT_EQ(stores_.view(kReader, Cycles{1001}, kNoOrderYet, kOtherEntry, kNewest), kNewest);
}

TEST_F(RecentStoresTest, AStoreMadeLateInHostOrderDoesNotOverwriteALaterOne) {
    store(1050, kWriter, kNewest);
    store(1000, kThird, kNewEntry);
    EXPECT_EQ(memory_, kNewest);
    EXPECT_EQ(seen(1099), kOldEntry);
    EXPECT_EQ(seen(1100), kNewEntry);
    EXPECT_EQ(seen(1150), kNewest);
}

TEST_F(RecentStoresTest, ItsOwnCoreSeesALateStoreUntilTheLaterOneIsVisible) {
    store(1050, kWriter, kNewest);
    store(1000, kReader, kNewEntry);
    EXPECT_EQ(seen(1149), kNewEntry);
    EXPECT_EQ(seen(1150), kNewest);
}

TEST_F(RecentStoresTest, TwoStoresOfOneCoreInOneCycleKeepTheirOrder) {
    store(1000, kWriter, kNewEntry);
    store(1000, kWriter, kNewest);
    EXPECT_EQ(memory_, kNewest);
    EXPECT_EQ(seen(1100), kNewest);
}

TEST_F(RecentStoresTest, AStoreIsKeptWhileACoreMayStillNotSeeIt) {
    store(1000, kWriter, kNewEntry);
    stores_.forget_before(Cycles{1099});
    EXPECT_FALSE(stores_.empty());
    EXPECT_EQ(seen(1099), kOldEntry);
    stores_.forget_before(Cycles{1100});
    EXPECT_TRUE(stores_.empty());
}

TEST_F(RecentStoresTest, ForgettingLeavesYoungerStores) {
    store(1000, kWriter, kNewEntry);
    store(1050, kWriter, kNewest);
    stores_.forget_before(Cycles{1120});
    EXPECT_EQ(seen(1120), kNewEntry);
    EXPECT_EQ(seen(1150), kNewest);
}

}  // namespace
}  // namespace splinter::hw
