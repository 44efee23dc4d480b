// INVLPGB and TLBSYNC through a whole machine.
#include <gtest/gtest.h>

#include <array>

#include "hw/base/user_error.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

using x86::Invlpgb;
using x86::Pte;

constexpr VirtAddr kBroadcastPage{0xffff888000000000U};
constexpr std::uint64_t kSendAt = 100;
constexpr std::uint64_t kIssue = 50;
constexpr std::uint64_t kSync = 20;
constexpr std::uint64_t kSocket = 700;
constexpr std::uint64_t kCross = 1100;

// Cores 0 and 1 in socket 0, cores 2 and 3 in socket 1.
MachineParams two_broadcasting_sockets() {
    MachineParams machine;
    machine.cores = 4;
    machine.cores_per_socket = 2;
    machine.ipi.flight_socket = Cycles{900};
    machine.ipi.flight_cross = Cycles{1500};
    machine.broadcast = {Cycles{kIssue}, Cycles{kSync}, Cycles{kSocket}, Cycles{kCross}};
    return machine;
}

class BroadcastTest : public ::testing::Test {
  protected:
    BroadcastTest() {
        test_.map(kBroadcastPage, Pfn{0x1000}, kUsedLeaf);
        for (std::uint32_t cpu = 0; cpu < 4; ++cpu)
            test_.program(cpu).body = [](Core& core) {
                (void)probe(core, kBroadcastPage, kRead);
                core.timeline().advance(Cycles{10'000});
            };
    }
    // Core `cpu` looks at cycle `when` whether it still holds the page that it read at the start.
    void look_at(std::uint32_t cpu, std::uint64_t when, bool& holds) {
        test_.program(cpu).body = [when, &holds](Core& core) {
            (void)probe(core, kBroadcastPage, kRead);
            core.timeline().advance(Cycles{when});
            core.mmu().unit().for_each_translation(
                [&](const CachedTranslation& entry) { holds = holds || entry.page == kBroadcastPage; });
        };
    }
    // Core 0 broadcasts at kSendAt; `then` runs after it.
    void broadcast(const Invlpgb& invalidation, const std::function<void(Core&)>& then) {
        test_.program(0).body = [=](Core& core) {
            (void)probe(core, kBroadcastPage, kRead);
            core.timeline().advance(Cycles{kSendAt - kIssue});
            core.broadcast(invalidation);
            then(core);
        };
    }
    TestMachine test_{two_broadcasting_sockets()};
};

TEST_F(BroadcastTest, IsPosted) {
    broadcast({}, [](Core& core) { EXPECT_EQ(core.timeline().now(), Cycles{kSendAt}); });
    test_.run();
}

TEST_F(BroadcastTest, TakesEffectWhenItsFlightIsOverAndNotACycleEarlier) {
    for (const auto& [cpu, flight] : {std::pair<std::uint32_t, std::uint64_t>{1, kSocket}, {2, kCross}}) {
        for (const auto& [when, held] : {std::pair{kSendAt + flight - 1, true}, {kSendAt + flight, false}}) {
            TestMachine test{two_broadcasting_sockets()};
            test.map(kBroadcastPage, Pfn{0x1000}, kUsedLeaf);
            bool holds = false;
            test.program(0).body = [](Core& core) {
                core.timeline().advance(Cycles{kSendAt - kIssue});
                core.broadcast({});
            };
            test.program(cpu).body = [when = when, &holds](Core& core) {
                (void)probe(core, kBroadcastPage, kRead);
                core.timeline().advance(Cycles{when});
                core.mmu().unit().for_each_translation([&](const CachedTranslation&) { holds = true; });
            };
            test.run();
            EXPECT_EQ(holds, held) << "core " << cpu << " at " << when;
        }
    }
}

TEST_F(BroadcastTest, DropsTheSendersOwnEntryAtOnce) {
    broadcast({}, [](Core& core) {
        core.mmu().unit().for_each_translation([](const CachedTranslation&) { ADD_FAILURE() << "still cached"; });
    });
    test_.run();
}

TEST_F(BroadcastTest, ReachesTheAddressThatItNamesAndNoOther) {
    bool holds = false;
    look_at(1, 5000, holds);
    broadcast({.addresses = Invlpgb::Addresses::range, .first = kBroadcastPage + kPageBytes, .pages = 8}, [](Core&) {});
    test_.run();
    EXPECT_TRUE(holds);
}

TEST_F(BroadcastTest, SyncWaitsForTheConfirmationOfTheFarthestCore) {
    broadcast({}, [](Core& core) {
        core.sync_broadcasts();
        EXPECT_EQ(core.timeline().now(), Cycles{kSendAt + 2 * kCross});
    });
    test_.run();
}

// The fabric serves one sender at a time: each that came before and is not done costs a slot.
TEST_F(BroadcastTest, SyncTakesASlotLongerForEachSenderThatCameBefore) {
    for (const std::uint32_t senders : {1U, 2U, 4U}) {
        MachineParams machine = two_broadcasting_sockets();
        machine.broadcast.per_sender = Cycles{150};
        TestMachine test{machine};
        std::array<Cycles, 4> took;
        for (std::uint32_t cpu = 0; cpu < senders; ++cpu)
            test.program(cpu).body = [&took, cpu](Core& core) {
                core.broadcast({});
                const Cycles begin = core.timeline().now();
                core.sync_broadcasts();
                took[cpu] = core.timeline().now() - begin;
            };
        test.run();
        for (std::uint32_t cpu = 0; cpu < senders; ++cpu)
            EXPECT_EQ(took[cpu], Cycles{2 * kCross + 150 * cpu}) << cpu << " of " << senders;
    }
}

TEST_F(BroadcastTest, SyncDoesNotWaitForSendersThatAreDone) {
    MachineParams machine = two_broadcasting_sockets();
    machine.broadcast.per_sender = Cycles{150};
    TestMachine test{machine};
    test.program(1).body = [](Core& core) {
        core.broadcast({});
        core.sync_broadcasts();
    };
    test.program(0).body = [](Core& core) {
        core.timeline().advance(Cycles{50'000});
        core.broadcast({});
        const Cycles begin = core.timeline().now();
        core.sync_broadcasts();
        EXPECT_EQ(core.timeline().now() - begin, Cycles{2 * kCross});
    };
    test.run();
}

// Mechanism `ideal`: no hardware, no cost, one lookahead later, and counted as gone at the call.
TEST_F(BroadcastTest, DroppingEverywhereCostsNothingAndArrivesOneLookaheadLater) {
    const std::uint64_t lookahead = two_broadcasting_sockets().lookahead().raw();
    for (const auto& [when, held] : {std::pair{kSendAt + lookahead - 1, true}, {kSendAt + lookahead, false}}) {
        TestMachine test{two_broadcasting_sockets()};
        test.map(kBroadcastPage, Pfn{0x1000}, kUsedLeaf);
        bool holds = false;
        test.program(0).body = [](Core& core) {
            core.timeline().advance(Cycles{kSendAt});
            core.drop_everywhere({});
            EXPECT_EQ(core.timeline().now(), Cycles{kSendAt});
        };
        test.program(1).body = [when = when, &holds](Core& core) {
            (void)probe(core, kBroadcastPage, kRead);
            core.timeline().advance(Cycles{when});
            core.mmu().unit().for_each_translation([&](const CachedTranslation&) { holds = true; });
        };
        test.run();
        EXPECT_EQ(holds, held) << "at " << when;
    }
}

TEST_F(BroadcastTest, OneSyncClosesManyBroadcasts) {
    broadcast({}, [](Core& core) {
        core.timeline().advance(Cycles{500});
        core.broadcast({});
        core.sync_broadcasts();
        EXPECT_EQ(core.timeline().now(), Cycles{kSendAt + 500 + kIssue + 2 * kCross});
    });
    test_.run();
}

TEST_F(BroadcastTest, SyncWithNothingToWaitForCostsItself) {
    broadcast({}, [](Core& core) {
        core.timeline().advance(Cycles{5000});
        const Cycles before = core.timeline().now();
        core.sync_broadcasts();
        EXPECT_EQ(core.timeline().now(), before + Cycles{kSync});
    });
    test_.run();
}

TEST_F(BroadcastTest, InterruptsNobody) {
    for (std::uint32_t cpu = 1; cpu < 4; ++cpu)
        test_.program(cpu).interrupt = [](Core&, Vector) { ADD_FAILURE() << "an interrupt"; };
    broadcast({}, [](Core& core) { core.sync_broadcasts(); });
    test_.run();
    for (std::uint32_t cpu = 1; cpu < 4; ++cpu) EXPECT_EQ(test_.core(cpu).timeline().now(), Cycles{10'000});
}

TEST_F(BroadcastTest, ReachesACoreWhoseInterruptsAreOff) {
    bool holds = false;
    test_.program(1).body = [&](Core& core) {
        (void)probe(core, kBroadcastPage, kRead);
        core.timeline().disable_interrupts();
        core.timeline().advance(Cycles{5000});
        core.mmu().unit().for_each_translation([&](const CachedTranslation&) { holds = true; });
        core.timeline().enable_interrupts();
    };
    broadcast({}, [](Core&) {});
    test_.run();
    EXPECT_FALSE(holds);
}

TEST(Broadcast, IsAFindingOnAPartThatHasNone) {
    MachineParams machine;
    machine.cores = 1;
    TestMachine test{machine};
    test.program(0).body = [](Core& core) { core.broadcast({}); };
    EXPECT_THROW(test.run(), SimulatedFinding);
}

TEST(Broadcast, BoundsTheLookahead) {
    MachineParams machine = two_broadcasting_sockets();
    EXPECT_EQ(machine.lookahead(), Cycles{kSocket});
    machine.broadcast = {};
    EXPECT_EQ(machine.lookahead(), Cycles{900});
}

TEST(Broadcast, OneFlightWithoutTheOtherIsTheUsersMistake) {
    MachineParams machine = two_broadcasting_sockets();
    machine.broadcast.flight_cross = Cycles{0};
    EXPECT_THROW(machine.check(), UserError);
}

}  // namespace
}  // namespace splinter::hw
