#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

constexpr Vector kIpiVector{0xfb};

// Cores 0 and 1 in socket 0, cores 2 and 3 in socket 1.
MachineParams two_interrupting_sockets() {
    MachineParams machine;
    machine.cores = 4;
    machine.cores_per_socket = 2;
    machine.ipi.flight_socket = Cycles{900};
    machine.ipi.flight_cross = Cycles{1500};
    machine.core.interrupt_entry_kernel = Cycles{0};
    return machine;
}

CpuMask mask_of(std::initializer_list<std::uint32_t> cpus) {
    CpuMask mask;
    for (std::uint32_t cpu : cpus) mask.set(CpuId{cpu});
    return mask;
}

class IpiTest : public ::testing::Test {
  protected:
    using Arrivals = std::vector<std::pair<std::uint32_t, std::uint64_t>>;  // core, cycle
    IpiTest() {
        for (std::uint32_t cpu = 0; cpu < 4; ++cpu) {
            test_.program(cpu).body = [](Core& core) { core.timeline().advance(Cycles{10'000}); };
            test_.program(cpu).interrupt = [this](Core& core, Vector vector) {
                arrivals_.emplace_back(core.id().raw(), core.timeline().now().raw());
                EXPECT_EQ(vector, kIpiVector);
            };
        }
    }
    // Core `sender` sends at cycle 100.
    void send(std::uint32_t sender, std::initializer_list<std::uint32_t> targets) {
        test_.program(sender).body = [mask = mask_of(targets)](Core& core) {
            core.timeline().advance(Cycles{100});
            core.apic().send(mask, kIpiVector);
            core.timeline().advance(Cycles{9'900});
        };
    }
    [[nodiscard]] Arrivals arrivals() {
        test_.run();
        std::sort(arrivals_.begin(), arrivals_.end());
        return arrivals_;
    }
    TestMachine test_{two_interrupting_sockets()};
    Arrivals arrivals_;
};

// Thread 4 is the sibling of core 0; core 1 has its core to itself.
TEST(IpiOfSiblings, FliesLongerToAThreadWhoseSiblingIsOnline) {
    MachineParams params = two_interrupting_sockets();
    params.cores = 5;
    params.ipi.busy_sibling = Cycles{836};
    TestMachine test{params};
    std::vector<std::pair<std::uint32_t, std::uint64_t>> arrivals;
    for (std::uint32_t cpu = 0; cpu < params.cores; ++cpu) {
        test.program(cpu).body = [](Core& core) { core.timeline().advance(Cycles{10'000}); };
        test.program(cpu).interrupt = [&](Core& core, Vector) {
            arrivals.emplace_back(core.id().raw(), core.timeline().now().raw());
        };
    }
    test.program(1).body = [](Core& core) {
        core.apic().send(mask_of({0, 2, 4}), kIpiVector);
        core.timeline().advance(Cycles{10'000});
    };
    test.run();
    std::sort(arrivals.begin(), arrivals.end());
    EXPECT_EQ(arrivals, (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{0, 1736}, {2, 1500}, {4, 1736}}));
}

TEST_F(IpiTest, FliesByTheDistanceOfItsTarget) {
    send(0, {1, 2, 3});
    EXPECT_EQ(arrivals(), (Arrivals{{1, 1000}, {2, 1600}, {3, 1600}}));
}

TEST_F(IpiTest, ReachesOnlyItsTargets) {
    send(3, {2});
    EXPECT_EQ(arrivals(), (Arrivals{{2, 1000}}));
}

TEST_F(IpiTest, ToOneselfFliesWithinTheSocket) {
    send(1, {1});
    EXPECT_EQ(arrivals(), (Arrivals{{1, 1000}}));
}

TEST_F(IpiTest, TwoFromOneSenderAreHandledOneAfterTheOther) {
    send(0, {1});
    send(2, {1});
    const Cycles exit = two_interrupting_sockets().core.interrupt_exit_kernel;
    EXPECT_EQ(arrivals(), (Arrivals{{1, 1000}, {1, 1600}}));
    EXPECT_EQ(test_.core(1).timeline().now(), Cycles{10'000} + exit * 2);
}

TEST_F(IpiTest, IsCountedOncePerTarget) {
    send(0, {1, 2, 3});
    (void)arrivals();
    EXPECT_EQ(test_.core(0).apic().stats().sent, 3U);
    EXPECT_EQ(test_.core(0).apic().stats().received, 0U);
    for (std::uint32_t cpu = 1; cpu < 4; ++cpu) {
        EXPECT_EQ(test_.core(cpu).apic().stats().sent, 0U);
        EXPECT_EQ(test_.core(cpu).apic().stats().received, 1U);
    }
}

TEST(Lookahead, IsTheShortestFlight) {
    MachineParams machine = two_interrupting_sockets();
    EXPECT_EQ(machine.lookahead(), Cycles{900});
    machine.ipi.flight_cross = Cycles{800};
    EXPECT_EQ(machine.lookahead(), Cycles{800});
}

TEST(Lookahead, IsTheQuantumThatZeroStandsFor) {
    MachineParams machine = two_interrupting_sockets();
    machine.quantum = 0;
    EXPECT_EQ(machine.resolved_quantum(), Cycles{900});
}

TEST(Lookahead, BoundsTheQuantum) {
    MachineParams machine = two_interrupting_sockets();
    machine.quantum = 900;
    EXPECT_EQ(machine.resolved_quantum(), Cycles{900});
    machine.quantum = 901;
    EXPECT_THROW((void)machine.resolved_quantum(), UserError);
}

TEST(Lookahead, OfZeroIsTheUsersMistake) {
    MachineParams machine = two_interrupting_sockets();
    machine.ipi.flight_socket = Cycles{0};
    EXPECT_THROW((void)machine.resolved_quantum(), UserError);
}

}  // namespace
}  // namespace splinter::hw
