#include "hw/base/ledger.h"

#include <gtest/gtest.h>

#include <string>

namespace splinter {
namespace {

using Paths = std::map<std::string, std::uint64_t>;

inline constexpr Label kAlloc{"alloc"};
inline constexpr Label kFlush{"flush"};
inline constexpr Label kOtherFlush{"flush"};
inline constexpr Label kInterrupt{"interrupt"};

class LedgerTest : public ::testing::Test {
  protected:
    AccountTree tree_;
    Ledger ledger_{tree_};
};

TEST_F(LedgerTest, PathJoinsLabelsFromTheRoot) {
    EXPECT_EQ(ledger_.path(), "");
    ledger_.enter(kAlloc);
    ledger_.enter(kFlush);
    EXPECT_EQ(ledger_.path(), "alloc/flush");
}

TEST_F(LedgerTest, LeaveGoesBackToTheAccountAbove) {
    ledger_.enter(kAlloc);
    ledger_.enter(kFlush);
    ledger_.leave();
    EXPECT_EQ(ledger_.path(), "alloc");
}

TEST_F(LedgerTest, LeavingTheRootStaysThere) {
    ledger_.leave();
    EXPECT_EQ(ledger_.current(), AccountTree::kRoot);
}

TEST_F(LedgerTest, CyclesGoToTheCurrentAccountOnly) {
    ledger_.charge(Cycles{1});
    ledger_.enter(kAlloc);
    ledger_.charge(Cycles{10});
    ledger_.enter(kFlush);
    ledger_.charge(Cycles{100});
    ledger_.leave();
    ledger_.charge(Cycles{1000});
    EXPECT_EQ(ledger_.since({}), (Paths{{"", 1}, {"alloc", 1010}, {"alloc/flush", 100}}));
}

TEST_F(LedgerTest, TotalIsTheSumOfAllAccounts) {
    ledger_.charge(Cycles{3});
    ledger_.enter(kAlloc);
    ledger_.charge(Cycles{5});
    ledger_.interrupt(kInterrupt);
    ledger_.charge(Cycles{7});
    EXPECT_EQ(ledger_.total(), Cycles{15});
}

TEST_F(LedgerTest, AnInterruptStartsAtTheRootAndResumeComesBack) {
    ledger_.enter(kAlloc);
    ledger_.enter(kFlush);
    const AccountTree::Id interrupted = ledger_.interrupt(kInterrupt);
    EXPECT_EQ(ledger_.path(), "interrupt");
    ledger_.enter(kFlush);
    EXPECT_EQ(ledger_.path(), "interrupt/flush");
    ledger_.resume(interrupted);
    EXPECT_EQ(ledger_.path(), "alloc/flush");
}

TEST_F(LedgerTest, OpenMakesAnAccountWithoutEnteringIt) {
    ledger_.enter(kAlloc);
    const AccountTree::Id flush = ledger_.open(kFlush);
    EXPECT_EQ(ledger_.path(), "alloc");
    ledger_.switch_to(flush);
    ledger_.charge(Cycles{4});
    EXPECT_EQ(ledger_.since({}), (Paths{{"alloc/flush", 4}}));
}

TEST_F(LedgerTest, SinceCountsFromTheSnapshotOn) {
    ledger_.enter(kAlloc);
    ledger_.charge(Cycles{10});
    const Ledger::Snapshot begin = ledger_.snapshot();
    ledger_.charge(Cycles{2});
    ledger_.enter(kFlush);  // an account that the snapshot does not have
    ledger_.charge(Cycles{3});
    EXPECT_EQ(ledger_.since(begin), (Paths{{"alloc", 2}, {"alloc/flush", 3}}));
}

TEST_F(LedgerTest, SinceLeavesOutAccountsWithoutNewCycles) {
    ledger_.enter(kAlloc);
    ledger_.charge(Cycles{10});
    const Ledger::Snapshot begin = ledger_.snapshot();
    ledger_.leave();
    ledger_.charge(Cycles{1});
    EXPECT_EQ(ledger_.since(begin), (Paths{{"", 1}}));
}

TEST_F(LedgerTest, TwoLabelsOfOneNameShareAPathInReports) {
    ledger_.enter(kFlush);
    ledger_.charge(Cycles{1});
    ledger_.leave();
    ledger_.enter(kOtherFlush);
    ledger_.charge(Cycles{2});
    EXPECT_EQ(ledger_.since({}), (Paths{{"flush", 3}}));
}

TEST_F(LedgerTest, LedgersOfOneTreeShareAccountsAndNotCycles) {
    Ledger other{tree_};
    ledger_.enter(kAlloc);
    other.enter(kAlloc);
    EXPECT_EQ(ledger_.current(), other.current());
    ledger_.charge(Cycles{9});
    EXPECT_EQ(other.total(), Cycles{0});
}

}  // namespace
}  // namespace splinter
