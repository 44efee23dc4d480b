#include "alloc/smp/call_function.h"

#include <gtest/gtest.h>

#include "alloc/smp/ipi_mechanism.h"
#include "alloc/smp/tlb_flush.h"
#include "tests/alloc/interleaving_cpu.h"
#include "tests/alloc/recording_cpu.h"
#include "tests/alloc/remote_work.h"

namespace splinter::alloc {
namespace {

using enum Call::Kind;

struct Calls {
    explicit Calls(std::size_t cpus) : machine{memory, cpus}, calls{cpus, memory.data()} {
        machine.set_handler([this](Cpu& cpu, std::uint8_t) { calls.on_interrupt(cpu); });
    }
    CallLog& log() { return machine.log(); }
    TestMemory memory;
    RecordingMachine machine;
    CallFunction calls;
};

TEST(CallFunctionOnAll, EveryCpuExecutesOnceAndAllAreWaitedFor) {
    Calls node{4};
    node.calls.run_on_all(node.machine.cpu(1), kFlushAll);
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(node.log().count(flushed_all, CpuId{i}), 1U) << i;
    EXPECT_EQ(node.log().count(waited, CpuId{1U}), 3U);
    EXPECT_EQ(node.log().count(completed), 3U);
    node.machine.check_quiet();
}

TEST(CallFunctionOnAll, OneInterruptIsSentToAllOthersBeforeTheLocalShare) {
    Calls node{4};
    node.calls.run_on_all(node.machine.cpu(), kFlushAll);
    EXPECT_EQ(node.log().story("icr all wait"), "icr3 all 1:all 2:all 3:all wait*3");
}

TEST(CallFunctionOnAll, TheOnlyCpuInterruptsNobody) {
    Calls node{1};
    node.calls.run_on_all(node.machine.cpu(), kFlushAll);
    EXPECT_EQ(node.log().story("icr all wait"), "all");
    EXPECT_EQ(node.calls.counters(CpuId{0U}).cross_calls, 0U);
}

TEST(CallFunctionOnAll, ATargetAcknowledgesAfterItHasExecuted) {
    Calls node{2};
    node.calls.run_on_all(node.machine.cpu(), kFlushAll);
    std::vector<Call::Kind> of_target;
    for (const Call& call : node.log().calls())
        if (call.cpu == CpuId{1U} && (call.kind == flushed_all || call.kind == completed)) of_target.push_back(call.kind);
    EXPECT_EQ(of_target, (std::vector{flushed_all, completed}));
}

// While CPU 0 does its own share its request waits in the queues of 1 and 2; there CPU 1 initiates another call.
TEST(CallFunctionOnAll, ATargetWhoseQueueIsNotEmptyIsNotInterruptedAgain) {
    Calls node{3};
    bool nested = false;
    node.log().set_on_call([&](const Call& call) {
        if (call.kind != flushed_all || std::exchange(nested, true)) return;
        node.calls.run_on_all(node.machine.cpu(1), kFlushAll);
    });
    node.calls.run_on_all(node.machine.cpu(0), kFlushAll);
    EXPECT_EQ(node.log().values(sent_interrupts), (std::vector<std::uint64_t>{2, 1}));  // the second time CPU 0 only
    for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(node.log().count(flushed_all, CpuId{i}), 2U) << i;
    EXPECT_EQ(node.log().count(interrupted, CpuId{2U}), 1U);
    node.machine.check_quiet();
}

TEST(CallFunctionOnAll, AQueueThatWasEmptiedIsInterruptedAgain) {
    Calls node{2};
    for (int i = 0; i < 3; ++i) node.calls.run_on_all(node.machine.cpu(), kFlushAll);
    EXPECT_EQ(node.log().count(sent_interrupts), 3U);
    EXPECT_EQ(node.log().count(interrupted), 3U);
}

TEST(CallFunctionOnAll, ARangeIsInvalidatedPageByPage) {
    Calls node{2};
    node.calls.run_on_all(node.machine.cpu(), {RemoteWork::Kind::flush_range, kSomewhere, PageCount{3}});
    const std::uint64_t first = kSomewhere.raw();
    const std::vector<std::uint64_t> pages{first, first + kPageBytes, first + 2 * kPageBytes};
    std::vector<std::uint64_t> twice = pages;
    twice.insert(twice.end(), pages.begin(), pages.end());
    EXPECT_EQ(node.log().values(flushed_page), twice);
}

TEST(CallFunctionOnAll, CallsAndRequestsAreCountedWhereTheyHappen) {
    Calls node{3};
    node.calls.run_on_all(node.machine.cpu(2), {RemoteWork::Kind::flush_range, kSomewhere, PageCount{5}});
    EXPECT_EQ(node.calls.counters(CpuId{2U}).cross_calls, 1U);
    EXPECT_EQ(node.calls.counters(CpuId{2U}).cross_calls_received, 0U);
    EXPECT_EQ(node.calls.counters(CpuId{0U}).cross_calls_received, 1U);
    EXPECT_EQ(node.calls.counters(CpuId{0U}).nr_tlb_local_flush_one, 5U);
}

TEST(CallFunctionOnAll, ACallWithInterruptsOffIsCaught) {
    Calls node{2};
    (void)node.machine.cpu().irq_save();
    EXPECT_THROW(node.calls.run_on_all(node.machine.cpu(), kFlushAll), InternalError);
}

TEST(CallFunctionOnAll, ConcurrentInitiatorsAllReturnAndEveryRequestIsExecutedOnce) {
    constexpr std::uint32_t kCpus = 4;
    constexpr int kCallsEach = 5;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        TestMemory memory;
        InterleavingMachine machine{memory, kCpus, seed, {kFirstGiant, kLargePages}};
        CallFunction calls{kCpus, memory.data()};
        machine.set_handler([&](Cpu& cpu, std::uint8_t) { calls.on_interrupt(cpu); });
        const InterleavingMachine::Script script = [&](Cpu& cpu) {
            for (int i = 0; i < kCallsEach; ++i) calls.run_on_all(cpu, kFlushAll);
        };
        machine.run({script, script, script, script});
        for (std::uint32_t i = 0; i < kCpus; ++i) {
            EXPECT_EQ(calls.counters(CpuId{i}).cross_calls_received, kCallsEach * (kCpus - 1)) << seed;
            EXPECT_EQ(calls.counters(CpuId{i}).kernel_flushes_all, kCallsEach * kCpus) << seed;
        }
    }
}

struct FlushedCalls : Calls {
    FlushedCalls() : Calls{2} {}
    IpiMechanism mechanism{calls};
    TlbFlush flush{mechanism, calls.local(), PageCount{33}};
};

TEST(TlbFlushCeiling, ThirtyThreePagesAreInvalidatedOneByOne) {
    FlushedCalls node;
    node.flush.kernel_range(node.machine.cpu(), kSomewhere, PageCount{33});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 page*33 1:page*33 wait");
}

TEST(TlbFlushCeiling, ThirtyFourPagesFlushEverything) {
    FlushedCalls node;
    node.flush.kernel_range(node.machine.cpu(), kSomewhere, PageCount{34});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 all 1:all wait");
    EXPECT_EQ(node.flush.made().flush_tlb_kernel_range, 1U);
    EXPECT_EQ(node.flush.made().flush_tlb_all, 0U);
}

// arch/x86/mm/tlb.c of 6.12: ranges of the kernel's half are no remote flushes, whatever is sent.
TEST(TlbFlushCounters, AreTheKernels) {
    FlushedCalls node;
    const auto counted = [&](std::uint64_t KernelCounters::*counter) {
        return std::pair{node.calls.counters(CpuId{0U}).*counter, node.calls.counters(CpuId{1U}).*counter};
    };
    using Counts = std::pair<std::uint64_t, std::uint64_t>;
    node.flush.kernel_range(node.machine.cpu(), kSomewhere, PageCount{3});
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_local_flush_one), (Counts{3, 3}));
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_remote_flush_received), (Counts{0, 0}));
    node.flush.kernel_range(node.machine.cpu(), kSomewhere, PageCount{34});
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_remote_flush), (Counts{0, 0}));
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_remote_flush_received), (Counts{1, 1})) << "do_flush_tlb_all()";
    node.flush.all(node.machine.cpu());
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_remote_flush), (Counts{1, 0}));
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_remote_flush_received), (Counts{2, 2}));
    EXPECT_EQ(counted(&KernelCounters::nr_tlb_local_flush_all), (Counts{0, 0}));
    EXPECT_EQ(counted(&KernelCounters::flushes), (Counts{3, 0}));
    EXPECT_EQ(counted(&KernelCounters::cross_calls), (Counts{3, 0}));
    EXPECT_EQ(counted(&KernelCounters::cross_calls_received), (Counts{0, 3}));
    EXPECT_EQ(counted(&KernelCounters::kernel_flushes_all), (Counts{2, 2}));
}

TEST(TlbFlushCeiling, AStrideThatHangsOverCounts) {
    FlushedCalls node;
    node.flush.kernel_range(node.machine.cpu(), kSomewhere, PageCount{32 * 512 + 1}, kLargePages);
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 page*33 1:page*33 wait");
    node.flush.kernel_range(node.machine.cpu(), kSomewhere, PageCount{33 * 512 + 1}, kLargePages);
    EXPECT_EQ(node.calls.executed().full, 2U);
}

TEST(TlbFlushCeiling, ChangedPagesAboveItGoThroughFlushTlbAll) {
    FlushedCalls node;
    node.flush.changed_pages(node.machine.cpu(), kSomewhere, PageCount{33});
    EXPECT_EQ(node.calls.executed().ranged, 2U);
    EXPECT_EQ(node.flush.made().flush_tlb_all, 0U);
    node.flush.changed_pages(node.machine.cpu(), kSomewhere, PageCount{34});
    EXPECT_EQ(node.calls.executed().full, 2U);
    EXPECT_EQ(node.flush.made().flush_tlb_all, 1U);
    EXPECT_EQ(node.flush.made().flush_tlb_kernel_range, 0U);
}

}  // namespace
}  // namespace splinter::alloc
