// What cores wait on: queued spinlocks with a line transfer per hand-over, words that grow, and the deadlock that both can end
// in.
#include "hw/core/shared_words.h"

#include <gtest/gtest.h>

#include <string>

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

inline constexpr Label kOuter{"outer"};
inline constexpr Label kLockWait{"lock-wait"};
constexpr SpinLockId kLock{1};
constexpr SpinLockId kOtherLock{2};
constexpr WordId kWord{7};

// Cores 0 and 1 share socket 0, core 2 and 3 socket 1.
MachineParams two_sockets_with_caches() {
    MachineParams machine;
    machine.cores = 4;
    machine.cores_per_socket = 2;
    machine.cluster_cores = 2;
    machine.mem.l1d_hit = Cycles{4};
    machine.mem.transfer_cluster = Cycles{50};
    machine.mem.transfer_cross = Cycles{285};
    return machine;
}

class SharedWordsTest : public ::testing::Test {
  protected:
    // The core asks for the lock at `start` and holds it for `hold` cycles.
    void lock_at(std::uint32_t cpu, std::uint64_t start, std::uint64_t hold) {
        test_.program(cpu).body = [this, start, hold](Core& core) {
            core.timeline().advance(Cycles{start});
            test_.machine().locks().lock(core.timeline(), kLock);
            taken_.emplace_back(core.id().raw(), core.timeline().now().raw());
            core.timeline().advance(Cycles{hold});
            test_.machine().locks().unlock(core.timeline(), kLock);
        };
    }
    using Taken = std::vector<std::pair<std::uint32_t, std::uint64_t>>;  // core, cycle
    TestMachine test_{two_sockets_with_caches()};
    Taken taken_;
};

TEST_F(SharedWordsTest, AFreshLockCostsAHit) {
    lock_at(0, 100, 10);
    test_.run();
    EXPECT_EQ(taken_, (Taken{{0, 104}}));
}

TEST_F(SharedWordsTest, ATryFailsWhileAnybodyHoldsTheLock) {
    lock_at(0, 100, 1000);
    std::vector<bool> got;
    test_.program(1).body = [&](Core& core) {
        core.timeline().advance(Cycles{500});
        got.push_back(test_.machine().locks().try_lock(core.timeline(), kLock));
        core.timeline().advance(Cycles{1000});
        got.push_back(test_.machine().locks().try_lock(core.timeline(), kLock));
        got.push_back(test_.machine().locks().try_lock(core.timeline(), kLock));  // as an interrupt of the holder
        test_.machine().locks().unlock(core.timeline(), kLock);
    };
    test_.run();
    EXPECT_EQ(got, (std::vector<bool>{false, true, false}));
}

TEST_F(SharedWordsTest, ATryCostsTheTransferFromAnotherOwnerAndNothingFromItself) {
    std::vector<std::uint64_t> times;
    const auto try_at = [&](std::uint32_t cpu, std::uint64_t start) {
        test_.program(cpu).body = [&, start](Core& core) {
            core.timeline().advance(Cycles{start});
            for (int i = 0; i < 2; ++i) {
                ASSERT_TRUE(test_.machine().locks().try_lock(core.timeline(), kLock));
                times.push_back(core.timeline().now().raw());
                test_.machine().locks().unlock(core.timeline(), kLock);
            }
        };
    };
    try_at(0, 100);
    try_at(2, 1000);
    test_.run();
    EXPECT_EQ(times, (std::vector<std::uint64_t>{100, 100, 1285, 1285}));
}

TEST_F(SharedWordsTest, AFreeLockCostsTheTransferFromItsLastOwner) {
    lock_at(0, 100, 10);
    lock_at(2, 1000, 10);
    lock_at(3, 2000, 10);
    test_.run();
    EXPECT_EQ(taken_, (Taken{{0, 104}, {2, 1000 + 285}, {3, 2000 + 50}}));
    EXPECT_EQ(test_.machine().locks().contended(), 0U);
}

TEST_F(SharedWordsTest, AContendedLockIsHandedOverAtTheReleasePlusTheTransfer) {
    lock_at(0, 100, 1000);  // taken at 104, released at 1104
    lock_at(2, 200, 10);
    test_.run();
    EXPECT_EQ(taken_, (Taken{{0, 104}, {2, 1104 + 285}}));
    EXPECT_EQ(test_.machine().locks().contended(), 1U);
}

TEST_F(SharedWordsTest, WaitersAreServedInTheOrderOfTheirArrival) {
    lock_at(0, 100, 1000);
    lock_at(1, 300, 10);
    lock_at(2, 200, 10);  // came before core 1
    lock_at(3, 400, 10);
    test_.run();
    EXPECT_EQ(taken_, (Taken{{0, 104}, {2, 1389}, {1, 1399 + 285}, {3, 1694 + 285}}));
}

// Each hand-over takes the transfer between the two, not more with more who wait.
TEST_F(SharedWordsTest, AHandOverTakesOneTransferHoweverManyWait) {
    lock_at(2, 100, 1000);  // 104 to 1104
    lock_at(3, 200, 10);
    lock_at(0, 300, 10);
    lock_at(1, 400, 10);
    test_.run();
    EXPECT_EQ(taken_, (Taken{{2, 104}, {3, 1104 + 50}, {0, 1164 + 285}, {1, 1459 + 50}}));
}

TEST_F(SharedWordsTest, InOneCycleTheLowerCoreGetsTheLock) {
    lock_at(3, 100, 10);
    lock_at(1, 100, 10);
    test_.run();
    EXPECT_EQ(taken_, (Taken{{1, 104}, {3, 114 + 285}}));
}

TEST_F(SharedWordsTest, ARequestInTheCycleBeforeTheReleaseWaits) {
    lock_at(0, 100, 100);  // released at 204
    lock_at(1, 203, 10);
    test_.run();
    EXPECT_EQ(test_.machine().locks().contended(), 1U);
}

TEST_F(SharedWordsTest, ARequestInTheCycleOfTheReleaseByALowerCoreDoesNotWait) {
    lock_at(0, 100, 100);
    lock_at(1, 204, 10);
    test_.run();
    EXPECT_EQ(test_.machine().locks().contended(), 0U);
}

TEST_F(SharedWordsTest, AWaiterHandlesInterruptsAtTheirCycle) {
    lock_at(0, 0, 5000);
    lock_at(1, 100, 10);
    Cycles handled;
    test_.program(1).interrupt = [&](Core& core, Vector) { handled = core.timeline().now(); };
    test_.program(2).body = [](Core& core) {
        CpuMask target;
        target.set(CpuId{1U});
        core.apic().send(target, Vector{32});
    };
    test_.run();
    EXPECT_EQ(handled, two_sockets_with_caches().ipi.flight_cross + two_sockets_with_caches().core.interrupt_entry_kernel);
    EXPECT_EQ(taken_, (Taken{{0, 4}, {1, 5004 + 50}}));
}

TEST_F(SharedWordsTest, AWaiterInAHandlerGetsTheLockWhenItReturns) {
    lock_at(0, 0, 2000);  // released at 2004
    lock_at(1, 100, 10);
    test_.program(1).interrupt = [](Core& core, Vector) { core.timeline().advance(Cycles{3000}); };
    test_.program(2).body = [](Core& core) {
        CpuMask target;
        target.set(CpuId{1U});
        core.apic().send(target, Vector{32});
    };
    test_.run();
    const Cycles back = two_sockets_with_caches().ipi.flight_cross + two_sockets_with_caches().core.interrupt_entry_kernel +
                        Cycles{3000} + two_sockets_with_caches().core.interrupt_exit_kernel;
    EXPECT_EQ(taken_, (Taken{{0, 4}, {1, back.raw()}}));
}

TEST_F(SharedWordsTest, LockingTwiceIsABugOfOurs) {
    test_.program(0).body = [this](Core& core) {
        test_.machine().locks().lock(core.timeline(), kLock);
        test_.machine().locks().lock(core.timeline(), kLock);
    };
    EXPECT_THROW(test_.run(), InternalError);
}

TEST_F(SharedWordsTest, UnlockingAnothersLockIsABugOfOurs) {
    lock_at(0, 0, 1000);
    test_.program(1).body = [this](Core& core) {
        core.timeline().advance(Cycles{100});
        test_.machine().locks().unlock(core.timeline(), kLock);
    };
    EXPECT_THROW(test_.run(), InternalError);
}

TEST_F(SharedWordsTest, AWaitEndsInTheCycleOfThePost) {
    Cycles done;
    test_.program(0).body = [&](Core& core) {
        test_.machine().words().wait_until(core.timeline(), kWord, 1);
        done = core.timeline().now();
    };
    test_.program(1).body = [this](Core& core) {
        core.timeline().advance(Cycles{777});
        test_.machine().words().post(core.timeline(), kWord, 1);
    };
    test_.run();
    EXPECT_EQ(done, Cycles{777});
}

TEST_F(SharedWordsTest, AValueBelowTheWantedOneDoesNotEndTheWait) {
    Cycles done;
    test_.program(0).body = [&](Core& core) {
        test_.machine().words().wait_until(core.timeline(), kWord, 2);
        done = core.timeline().now();
    };
    test_.program(1).body = [this](Core& core) {
        for (std::uint64_t value : {1U, 2U}) {
            core.timeline().advance(Cycles{100});
            test_.machine().words().post(core.timeline(), kWord, value);
        }
    };
    test_.run();
    EXPECT_EQ(done, Cycles{200});
}

TEST_F(SharedWordsTest, AValueThatIsAlreadyThereTakesNoTime) {
    Cycles done;
    test_.program(0).body = [this](Core& core) { test_.machine().words().post(core.timeline(), kWord, 5); };
    test_.program(1).body = [&](Core& core) {
        core.timeline().advance(Cycles{100});
        test_.machine().words().wait_until(core.timeline(), kWord, 5);
        done = core.timeline().now();
    };
    test_.run();
    EXPECT_EQ(done, Cycles{100});
}

// Runs the machine; returns the finding's text.
std::string finding_of(TestMachine& test) {
    try {
        test.run();
    } catch (const SimulatedFinding& finding) {
        return finding.what();
    }
    return "no finding";
}

TEST_F(SharedWordsTest, ADeadlockNamesEachCoreItsCycleAndItsLedgerPath) {
    const auto take_both = [this](std::uint32_t cpu, SpinLockId first, SpinLockId second) {
        test_.program(cpu).body = [this, first, second](Core& core) {
            core.timeline().ledger().enter(kOuter);
            test_.machine().locks().lock(core.timeline(), first);
            core.timeline().advance(Cycles{1000});
            core.timeline().ledger().enter(kLockWait);
            test_.machine().locks().lock(core.timeline(), second);
        };
    };
    take_both(0, kLock, kOtherLock);
    take_both(1, kOtherLock, kLock);
    EXPECT_EQ(finding_of(test_),
              "deadlock: these cores wait for ever\n  core0 at cycle 1004 in outer/lock-wait\n  core1 at cycle 1004 in "
              "outer/lock-wait");
}

TEST_F(SharedWordsTest, PassiveCoresDoNotHideADeadlock) {
    test_.core(1).timeline().set_conduct(Timeline::Conduct::passive);
    test_.program(1).body = [](Core& core) {
        while (true) core.timeline().advance(Cycles{10});
    };
    test_.program(0).body = [this](Core& core) { test_.machine().words().wait_until(core.timeline(), kWord, 1); };
    EXPECT_EQ(finding_of(test_), "deadlock: these cores wait for ever\n  core0 at cycle 0 in ");
}

}  // namespace
}  // namespace splinter::hw
