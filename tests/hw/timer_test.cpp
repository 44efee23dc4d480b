// The timer of a core's local APIC: one interrupt at its exact cycle, on active, passive and waiting cores alike.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

constexpr Vector kTimer{0xec};

class TimerTest : public ::testing::Test {
  protected:
    static MachineParams params() {
        MachineParams machine;
        machine.cores = 2;
        machine.cores_per_socket = 2;
        machine.core.interrupt_entry_kernel = Cycles{250};
        machine.core.interrupt_exit_kernel = Cycles{150};
        return machine;
    }
    void SetUp() override {
        test_.program(0).interrupt = [this](Core& core, Vector vector) {
            EXPECT_EQ(vector, kTimer);
            handled_.push_back(core.timeline().now().raw() - 250);
        };
    }
    TestMachine test_{params()};
    std::vector<std::uint64_t> handled_;
};

TEST_F(TimerTest, InterruptsAtItsCycleAndNotBefore) {
    test_.program(0).body = [this](Core& core) {
        core.apic().set_timer(Cycles{1000}, kTimer);
        core.timeline().advance(Cycles{999});
        EXPECT_TRUE(handled_.empty());
        core.timeline().advance(Cycles{1});
        EXPECT_EQ(core.timeline().now(), Cycles{1400});
        core.timeline().advance(Cycles{5000});
    };
    test_.run();
    EXPECT_EQ(handled_, std::vector<std::uint64_t>{1000});
}

TEST_F(TimerTest, ASecondDeadlineReplacesTheFirstAndNeverDisarms) {
    test_.program(0).body = [](Core& core) {
        core.apic().set_timer(Cycles{1000}, kTimer);
        core.apic().set_timer(Cycles{2000}, kTimer);
        core.timeline().advance(Cycles{3000});
        core.apic().set_timer(Cycles{5000}, kTimer);
        core.apic().set_timer(kNever, kTimer);
        core.timeline().advance(Cycles{9000});
    };
    test_.run();
    EXPECT_EQ(handled_, std::vector<std::uint64_t>{2000});
}

TEST_F(TimerTest, WaitsUntilInterruptsAreEnabled) {
    test_.program(0).body = [](Core& core) {
        core.apic().set_timer(Cycles{100}, kTimer);
        core.timeline().disable_interrupts();
        core.timeline().advance(Cycles{700});
        core.timeline().enable_interrupts();
    };
    test_.run();
    EXPECT_EQ(handled_, std::vector<std::uint64_t>{700});
}

TEST_F(TimerTest, IsNoInterruptFromAnotherCore) {
    test_.program(0).body = [](Core& core) {
        core.apic().set_timer(Cycles{100}, kTimer);
        core.timeline().advance(Cycles{500});
    };
    test_.run();
    EXPECT_EQ(test_.core(0).apic().stats().timers, 1U);
    EXPECT_EQ(test_.core(0).apic().stats().received, 0U);
}

TEST_F(TimerTest, FindsAPassiveCoreInOrderWithTheOthers) {
    bool stop = false;
    std::uint64_t other_at = 0;
    test_.program(0).interrupt = [&](Core& core, Vector) {
        core.timeline().order();  // the other core has come as far as this, and no further than a quantum
        handled_.push_back(core.timeline().now().raw() - 250);
        other_at = test_.core(1).timeline().now().raw();
    };
    test_.program(0).body = [&](Core& core) {
        core.apic().set_timer(Cycles{70'000}, kTimer);
        core.timeline().set_conduct(Timeline::Conduct::passive);
        while (!stop) core.timeline().advance(Cycles{13});
    };
    test_.program(0).notice = [&](Core&, const Message&) { stop = true; };
    test_.program(1).body = [&](Core& core) {
        while (core.timeline().now() < Cycles{100'000}) {
            core.timeline().advance(Cycles{10});
            core.timeline().order();
        }
        test_.machine().notify_all(core, 77, 0);
        core.timeline().advance(Cycles{10'000});
    };
    test_.program(1).notice = [](Core&, const Message&) {};
    test_.run();
    EXPECT_EQ(handled_, std::vector<std::uint64_t>{70'000});
    EXPECT_EQ(other_at, 70'250U);
}

// Both cores wait for a word that nobody writes; their timers go on and on.
TEST_F(TimerTest, ThatIsArmedAgainAndAgainDoesNotHideADeadlock) {
    for (std::uint32_t cpu : {0U, 1U}) {
        test_.program(cpu).interrupt = [](Core& core, Vector) {
            core.apic().set_timer(core.timeline().now() + Cycles{500}, kTimer);
        };
        test_.program(cpu).body = [this, cpu](Core& core) {
            core.apic().set_timer(Cycles{500}, kTimer);
            test_.machine().words().wait_until(core.timeline(), WordId{cpu}, 1);
        };
    }
    try {
        test_.run();
        FAIL() << "no finding";
    } catch (const SimulatedFinding& finding) {
        EXPECT_TRUE(std::string{finding.what()}.starts_with("deadlock: these cores wait for ever")) << finding.what();
    }
}

}  // namespace
}  // namespace splinter::hw
