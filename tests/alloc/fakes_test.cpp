// The fakes' own promises: a test that runs on them may rely on these.
#include <gtest/gtest.h>

#include "alloc/flush/flush_strategy.h"
#include "tests/alloc/interleaving_cpu.h"
#include "tests/alloc/recording_cpu.h"

namespace splinter::alloc {
namespace {

constexpr LockId kZoneLock = kFirstZoneLock;

// What the failed check said.
template <class Function>
std::string check_of(Function&& function) {
    try {
        function();
    } catch (const InternalError& error) {
        return error.what();
    }
    return "no check failed";
}

struct Recording : ::testing::Test {
    TestMemory memory;
    RecordingMachine machine{memory, 2};
    Cpu& cpu = machine.cpu(0);
    void expect_caught(std::string_view words, const std::function<void()>& breach) {
        const std::string said = check_of(breach);
        EXPECT_NE(said.find(words), std::string::npos) << said;
    }
};

TEST_F(Recording, ARecursiveLockIsCaught) {
    cpu.lock(kCpaLock);
    expect_caught("locks what it holds: cpa", [&] { cpu.lock(kCpaLock); });
}

TEST_F(Recording, AnUnlockByAnotherCpuIsCaught) {
    cpu.lock(kCpaLock);
    expect_caught("does not hold: cpa", [&] { machine.cpu(1).unlock(kCpaLock); });
}

TEST_F(Recording, TwoLocksTakenInBothOrdersAreCaught) {
    cpu.lock(kCpaLock);
    cpu.lock(kPgdLock);
    cpu.unlock(kPgdLock);
    cpu.unlock(kCpaLock);
    cpu.lock(kPgdLock);
    expect_caught("both orders", [&] { cpu.lock(kCpaLock); });
}

TEST_F(Recording, ALockThatOutlivesItsInterruptsOffSectionIsCaught) {
    const IrqState state = cpu.irq_save();
    cpu.lock(kZoneLock);
    expect_caught("zone0 was taken with interrupts off", [&] { cpu.irq_restore(state); });
}

TEST_F(Recording, InterruptsLeftOffAreCaught) {
    (void)cpu.irq_save();
    expect_caught("leaves interrupts off", [&] { machine.check_quiet(); });
}

TEST_F(Recording, AnInterruptWithInterruptsOffIsCaught) {
    (void)cpu.irq_save();
    expect_caught("interrupts off", [&] { cpu.write_icr(CpuMask::first(2), IcrDestination::cluster, kCallFunctionVector); });
}

TEST_F(Recording, ATouchOfAnUnmappedAddressIsCaught) {
    expect_caught("not mapped", [&] { cpu.touch(VirtAddr{0xffffc90000000000U}, Touch::owned); });
}

TEST_F(Recording, AWaitThatNobodyAnswersIsCaught) {
    expect_caught("nobody will answer", [&] { cpu.wait_for(CompletionId{1}, 1); });
}

struct Interleaving : ::testing::Test {
    TestMemory memory;
    InterleavingMachine machine{memory, 2, 1, {kFirstGiant, kLargePages}};
    static void work(Cpu& cpu, int calls) {
        for (int i = 0; i < calls; ++i) cpu.retire(Step::clear_page);
    }
};

TEST_F(Interleaving, ALockExcludesTheOthers) {
    int inside = 0;
    int most = 0;
    const InterleavingMachine::Script script = [&](Cpu& cpu) {
        for (int i = 0; i < 20; ++i) {
            const LockGuard lock{cpu, kCpaLock};
            most = std::max(most, ++inside);
            work(cpu, 3);
            --inside;
        }
    };
    machine.run({script, script});
    EXPECT_EQ(most, 1);
}

TEST_F(Interleaving, WithoutALockTheOthersDoComeBetween) {
    int inside = 0;
    int most = 0;
    const InterleavingMachine::Script script = [&](Cpu& cpu) {
        most = std::max(most, ++inside);
        work(cpu, 20);
        --inside;
    };
    machine.run({script, script});
    EXPECT_EQ(most, 2);
    EXPECT_GT(machine.switches(), 10U);
}

TEST_F(Interleaving, TheSameSeedGivesTheSameRun) {
    const auto order_of = [&](std::uint64_t seed) {
        InterleavingMachine other{memory, 3, seed, {kFirstGiant, kLargePages}};
        std::string order;
        const InterleavingMachine::Script script = [&](Cpu& cpu) {
            for (int i = 0; i < 20; ++i) {
                cpu.retire(Step::clear_page);
                order += std::to_string(cpu.id().raw());
            }
        };
        other.run({script, script, script});
        return order;
    };
    EXPECT_EQ(order_of(7), order_of(7));
    EXPECT_NE(order_of(7), order_of(8));
}

TEST_F(Interleaving, ADeadlockNamesWhoWaitsForWhat) {
    const auto take = [](LockId first, LockId second) {
        return [=](Cpu& cpu) {
            cpu.lock(first);
            work(cpu, 50);
            cpu.lock(second);
        };
    };
    const std::string said = check_of([&] { machine.run({take(kCpaLock, kZoneLock), take(kPgdLock, kCpaLock)}); });
    EXPECT_NE(said.find("CPU 1 waits for lock cpa"), std::string::npos) << said;
}

TEST_F(Interleaving, ACpuThatSpinsWithInterruptsOffDoesNotAnswerAndThatIsADeadlock) {
    machine.set_handler([](Cpu& cpu, std::uint8_t) { cpu.complete(CompletionId{1}, 1); });
    CpuMask other;
    other.set(CpuId{1U});
    bool held = false;
    const std::string said = check_of([&] {
        machine.run({[&](Cpu& cpu) {
                         cpu.lock(kCpaLock);
                         held = true;
                         work(cpu, 100);
                         cpu.write_icr(other, IcrDestination::single, kCallFunctionVector);
                         cpu.wait_for(CompletionId{1}, 1);
                         cpu.unlock(kCpaLock);
                     },
                     [&](Cpu& cpu) {
                         (void)cpu.irq_save();
                         while (!held) cpu.retire(Step::clear_page);
                         cpu.lock(kCpaLock);
                     }});
    });
    EXPECT_NE(said.find("CPU 0 waits for CPU 1; CPU 1 waits for lock cpa"), std::string::npos) << said;
}

TEST_F(Interleaving, ACpuThatIsDoneStillAnswers) {
    machine.set_handler([](Cpu& cpu, std::uint8_t) { cpu.complete(CompletionId{1}, 1); });
    CpuMask other;
    other.set(CpuId{1U});
    machine.run({[&](Cpu& cpu) {
        cpu.write_icr(other, IcrDestination::single, kCallFunctionVector);
        cpu.wait_for(CompletionId{1}, 1);
    }});
    SUCCEED();
}

TEST_F(Interleaving, WhatAScriptThrowsReachesTheCaller) {
    EXPECT_THROW(machine.run({[](Cpu&) { throw std::runtime_error{"x"}; }, [](Cpu& cpu) { work(cpu, 10); }}),
                 std::runtime_error);
}

TEST_F(Interleaving, TheTlbKeepsATranslationUntilItIsInvalidated) {
    constexpr PfnRange kPage{kFirstGiant, PageCount{1}};
    machine.run({[](Cpu& cpu) { cpu.touch(layout::direct_map(kFirstGiant), Touch::owned); }});
    EXPECT_TRUE(machine.cpu(0).caches(kPage));
    machine.run({[](Cpu& cpu) { cpu.invalidate(x86::Invalidation::current_pcid()); }});
    EXPECT_TRUE(machine.cpu(0).caches(kPage));  // a global leaf
}

TEST_F(Interleaving, ATlbLoadsWhatNobodyTouched) {
    machine.run({[](Cpu& cpu) { work(cpu, 5); }});
    EXPECT_TRUE(machine.any_caches({kFirstGiant, PageCount{1}}));
}

}  // namespace
}  // namespace splinter::alloc
