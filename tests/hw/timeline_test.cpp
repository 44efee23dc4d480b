// Simulated time of one core: interrupts split it at their cycle, masks delay them, ordering points interleave cores globally.
#include "hw/core/timeline.h"

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

inline constexpr Label kWork{"work"};
constexpr Vector kTimelineVector{32};

// Two cores of one socket; core 1 sends core 0 an interrupt that starts at cycle `arrival`.
class InterruptTest : public ::testing::Test {
  protected:
    static MachineParams params() {
        MachineParams machine;
        machine.cores = 2;
        machine.cores_per_socket = 2;
        machine.ipi.flight_socket = Cycles{900};
        machine.core.interrupt_entry_kernel = Cycles{250};
        machine.core.interrupt_exit_kernel = Cycles{150};
        machine.core.interrupt_entry_user = Cycles{560};
        machine.core.interrupt_exit_user = Cycles{460};
        return machine;
    }
    void send_to_arrive_at(std::uint64_t arrival) {
        test_.program(1).body = [arrival](Core& core) {
            core.timeline().advance(Cycles{arrival - 900});
            CpuMask target;
            target.set(CpuId{0U});
            core.apic().send(target, kTimelineVector);
        };
        test_.program(0).interrupt = [this](Core& core, Vector) { handled_at_ = core.timeline().now(); };
    }
    [[nodiscard]] std::map<std::string, std::uint64_t> accounts() { return test_.core(0).timeline().ledger().since({}); }

    TestMachine test_{params()};
    Cycles handled_at_ = kNever;
    Cycles seen_;
};

TEST_F(InterruptTest, SplitsAnAdvanceAtItsExactCycle) {
    send_to_arrive_at(1234);
    Ledger::Snapshot at_entry;
    test_.program(0).interrupt = [&](Core& core, Vector) {
        handled_at_ = core.timeline().now();
        at_entry = core.timeline().ledger().snapshot();
    };
    test_.program(0).body = [](Core& core) {
        core.timeline().ledger().enter(kWork);
        core.timeline().advance(Cycles{5000});
    };
    test_.run();
    EXPECT_EQ(handled_at_, Cycles{1234 + 250});
    EXPECT_EQ(accounts(), (std::map<std::string, std::uint64_t>{{"work", 5000}, {"interrupt/entry-exit", 400}}));
    EXPECT_EQ(test_.core(0).timeline().ledger().since(at_entry),
              (std::map<std::string, std::uint64_t>{{"work", 5000 - 1234}, {"interrupt/entry-exit", 150}}));
    EXPECT_EQ(test_.core(0).timeline().now(), Cycles{5400});
}

TEST_F(InterruptTest, ThatArrivesWithTheEndOfAnAdvanceIsTakenBeforeItReturns) {
    send_to_arrive_at(1000);
    test_.program(0).body = [this](Core& core) {
        core.timeline().advance(Cycles{1000});
        seen_ = core.timeline().now();
        core.timeline().advance(Cycles{1});
    };
    test_.run();
    EXPECT_EQ(seen_, Cycles{1400});
}

TEST_F(InterruptTest, ThatArrivesACycleAfterAnAdvanceIsTakenInTheNext) {
    send_to_arrive_at(1001);
    test_.program(0).body = [this](Core& core) {
        core.timeline().advance(Cycles{1000});
        seen_ = core.timeline().now();
        core.timeline().advance(Cycles{1});
    };
    test_.run();
    EXPECT_EQ(seen_, Cycles{1000});
    EXPECT_EQ(handled_at_, Cycles{1001 + 250});
}

TEST_F(InterruptTest, WaitsUntilTheMaskIsLifted) {
    send_to_arrive_at(1000);
    test_.program(0).body = [this](Core& core) {
        core.timeline().disable_interrupts();
        core.timeline().advance(Cycles{3000});
        seen_ = core.timeline().now();
        core.timeline().enable_interrupts();
    };
    test_.run();
    EXPECT_EQ(seen_, Cycles{3000});
    EXPECT_EQ(handled_at_, Cycles{3000 + 250});
}

TEST_F(InterruptTest, CostsMoreFromUserMode) {
    send_to_arrive_at(1000);
    test_.program(0).body = [](Core& core) {
        core.set_mode(x86::Mode::user);
        core.timeline().advance(Cycles{2000});
    };
    test_.run();
    EXPECT_EQ(handled_at_, Cycles{1000 + 560});
    EXPECT_EQ(test_.core(0).timeline().now(), Cycles{2000 + 560 + 460});
}

TEST_F(InterruptTest, OfAnIdleCoreWaitsUntilItHasLeftItsCState) {
    send_to_arrive_at(1000);
    test_.program(0).body = [](Core& core) {
        core.enter_idle();
        core.timeline().advance(Cycles{2000});
        core.leave_idle();
    };
    test_.run();
    const std::uint64_t exit = MachineParams{}.idle_exit().raw();
    ASSERT_GT(exit, 0U);
    EXPECT_EQ(handled_at_, Cycles{1000 + exit + 250});
}

TEST_F(InterruptTest, RunsWithInterruptsMasked) {
    send_to_arrive_at(1000);
    bool enabled = true;
    test_.program(0).interrupt = [&](Core& core, Vector) { enabled = core.timeline().interrupts_enabled(); };
    test_.program(0).body = [](Core& core) { core.timeline().advance(Cycles{2000}); };
    test_.run();
    EXPECT_FALSE(enabled);
}

TEST_F(InterruptTest, ReachesAPassiveCoreAtItsExactCycle) {
    send_to_arrive_at(1234);
    test_.core(0).timeline().set_conduct(Timeline::Conduct::passive);
    test_.program(0).body = [](Core& core) {
        for (int i = 0; i < 500; ++i) core.timeline().advance(Cycles{10});
    };
    test_.run();
    EXPECT_EQ(handled_at_, Cycles{1234 + 250});
    EXPECT_EQ(test_.core(0).timeline().now(), Cycles{5400});
}

// A notice describes the world at its cycle: masks and modes are the simulated machine's business.
TEST_F(InterruptTest, DoesNotDelayANoticeUnderAMask) {
    Cycles noticed;
    test_.program(0).notice = [&](Core& core, const Message&) { noticed = core.timeline().now(); };
    test_.program(0).body = [](Core& core) {
        core.timeline().disable_interrupts();
        core.timeline().advance(Cycles{5000});
        core.timeline().enable_interrupts();
    };
    test_.program(1).body = [this](Core& core) {
        core.timeline().advance(Cycles{100});
        test_.machine().notify_all(core, 0, 0);
    };
    test_.run();
    EXPECT_EQ(noticed, Cycles{100 + 900});
    EXPECT_EQ(test_.core(0).timeline().now(), Cycles{5000});
}

MachineParams three_cores(std::uint64_t quantum) {
    MachineParams machine;
    machine.cores = 3;
    machine.quantum = quantum;
    return machine;
}

using Points = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

Points order_of_ordering_points(std::uint64_t quantum) {
    TestMachine test{three_cores(quantum)};
    Points points;
    for (std::uint32_t cpu = 0; cpu < 3; ++cpu)
        test.program(cpu).body = [&points, cpu](Core& core) {
            for (int i = 0; i < 4; ++i) {
                core.timeline().advance(Cycles{cpu == 1 ? 100U : 50U});
                core.timeline().order();
                points.emplace_back(core.timeline().now().raw(), core.id().raw());
            }
        };
    test.run();
    return points;
}

TEST(Order, PassesOrderingPointsByTimeAndThenByCore) {
    const Points expected{{50, 0},  {50, 2},  {100, 0}, {100, 1}, {100, 2}, {150, 0},
                          {150, 2}, {200, 0}, {200, 1}, {200, 2}, {300, 1}, {400, 1}};
    EXPECT_EQ(order_of_ordering_points(1), expected);
    EXPECT_EQ(order_of_ordering_points(900), expected);
}

TEST(Order, WithoutAnOrderingPointACoreRunsAheadByTheQuantumAndNoMore) {
    TestMachine test{three_cores(300)};
    Cycles farthest;
    test.program(0).body = [](Core& core) { core.timeline().order(); };
    test.program(1).body = [&](Core& core) {
        for (int i = 0; i < 100; ++i) {
            core.timeline().advance(Cycles{10});
            if (test.core(2).timeline().now() == Cycles{0}) farthest = core.timeline().now();
        }
    };
    test.program(2).body = [](Core& core) { core.timeline().advance(Cycles{10}); };
    test.run();
    EXPECT_EQ(farthest, Cycles{290});
}

TEST(Order, APassiveCoreThatOrdersIsABugOfOurs) {
    TestMachine test{three_cores(0)};
    test.core(1).timeline().set_conduct(Timeline::Conduct::passive);
    test.program(1).body = [](Core& core) { core.timeline().order(); };
    EXPECT_THROW(test.run(), InternalError);
}

TEST(Order, APassiveCoreLagsByAMultipleOfTheQuantumAtMost) {
    TestMachine test{three_cores(10)};
    std::uint64_t largest_lag = 0;
    test.core(2).timeline().set_conduct(Timeline::Conduct::passive);
    test.program(2).body = [](Core& core) {
        for (int i = 0; i < 1000; ++i) core.timeline().advance(Cycles{10});
    };
    test.program(0).body = [&](Core& core) {
        for (int i = 0; i < 900; ++i) {
            core.timeline().advance(Cycles{10});
            core.timeline().order();
            const std::uint64_t behind = test.core(2).timeline().now().raw();
            if (behind < core.timeline().now().raw()) largest_lag = std::max(largest_lag, core.timeline().now().raw() - behind);
        }
    };
    test.run();
    EXPECT_EQ(largest_lag, 10 * Conductor::kLagQuanta);
    EXPECT_EQ(test.core(2).timeline().now(), Cycles{10000});
}

}  // namespace
}  // namespace splinter::hw
