// The mechanisms one by one, on CPUs that record: who is told, in which order things happen, when a late one catches up.
#include "alloc/smp/mechanisms.h"

#include <gtest/gtest.h>

#include "alloc/smp/broadcast_range.h"
#include "alloc/smp/deferred_mechanism.h"
#include "alloc/smp/latr_mechanism.h"
#include "tests/alloc/recording_cpu.h"
#include "tests/alloc/remote_work.h"

namespace splinter::alloc {
namespace {

using enum Call::Kind;

RemoteWork work_of(std::uint64_t count, std::uint64_t stride = 1) {
    return {RemoteWork::Kind::flush_range, kSomewhere, PageCount{count}, PageCount{stride}};
}

struct MechanismNode {
    explicit MechanismNode(std::size_t cpus) : machine{memory, cpus}, calls{cpus, memory.data()}, work{cpus, memory.data()} {
        machine.set_handler([this](Cpu& cpu, std::uint8_t) { calls.on_interrupt(cpu); });
    }
    RecordingCpu& cpu(std::uint32_t index = 0) { return machine.cpu(index); }
    CallLog& log() { return machine.log(); }
    [[nodiscard]] std::uint64_t flushes(std::uint32_t cpu) {
        return machine.log().count(flushed_all, CpuId{cpu}) + machine.log().count(flushed_page, CpuId{cpu});
    }
    TestMemory memory;
    RecordingMachine machine;
    CallFunction calls;
    KernelWork work;
};

// --- early acknowledgement ---

TEST(EarlyAck, ATargetAcknowledgesBeforeItFlushes) {
    MechanismNode node{2};
    EarlyAckMechanism mechanism{node.calls, KernelRanges::allowed};
    mechanism.kernel(node.cpu(), kFlushAll);
    std::vector<Call::Kind> of_target;
    for (const Call& call : node.log().calls())
        if (call.cpu == CpuId{1U} && (call.kind == flushed_all || call.kind == completed)) of_target.push_back(call.kind);
    EXPECT_EQ(of_target, (std::vector{completed, flushed_all}));
}

TEST(EarlyAck, RefusesTheKernelsHalfUnlessAllowed) {
    MechanismNode node{2};
    EarlyAckMechanism mechanism{node.calls, KernelRanges::refused};
    EXPECT_THROW(mechanism.kernel(node.cpu(), kFlushAll), UserError);
}

// --- broadcast ---

std::vector<unsigned> sizes(const RemoteWork& work) {
    std::vector<unsigned> all;
    for_each_broadcast(work, [&](const x86::Invlpgb& invalidation) { all.push_back(invalidation.pages); });
    return all;
}

TEST(BroadcastRange, TakesUpToEightPagesToAnInstruction) {
    EXPECT_EQ(sizes(work_of(8)), (std::vector{8U}));
    EXPECT_EQ(sizes(work_of(9)), (std::vector{8U, 1U}));
    EXPECT_EQ(sizes(work_of(33)), (std::vector{8U, 8U, 8U, 8U, 1U}));
}

TEST(BroadcastRange, FollowsTheStride) {
    std::vector<x86::Invlpgb> all;
    const auto note = [&](const x86::Invlpgb& invalidation) { all.push_back(invalidation); };
    for_each_broadcast(work_of(9, 512), note);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].stride, x86::Invlpgb::Stride::m2);
    EXPECT_EQ(all[1].first, kSomewhere + 8 * x86::kPde.bytes());
    all.clear();
    for_each_broadcast(work_of(2, 16), note);  // a stride that no instruction has
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].first, kSomewhere + 16 * kPageBytes);
}

TEST(BroadcastRange, MeansGlobalEntriesAndEveryPcid) {
    for (const RemoteWork& work : {kFlushAll, work_of(1)})
        for_each_broadcast(work, [](const x86::Invlpgb& invalidation) {
            EXPECT_EQ(invalidation.global, x86::Invlpgb::Global::included);
            EXPECT_EQ(invalidation.contexts, x86::Invlpgb::Contexts::all);
        });
}

// --- deferred ---

struct Deferred : MechanismNode {
    Deferred() : MechanismNode{3} {}
    DeferredMechanism mechanism{calls, 3, memory.data()};
};

TEST(DeferredFlush, InterruptsCpusInTheKernelOnly) {
    Deferred node;
    node.mechanism.leaves_kernel(node.cpu(1));
    node.mechanism.kernel(node.cpu(), work_of(1));
    EXPECT_EQ(node.log().values(sent_interrupts), (std::vector<std::uint64_t>{1}));
    EXPECT_EQ(node.flushes(1), 0U);
    EXPECT_EQ(node.flushes(2), 1U);
    EXPECT_EQ(node.calls.counters(CpuId{0U}).flushes_left_pending, 1U);
}

TEST(DeferredFlush, IsDoneOnceWhenTheCpuComesIn) {
    Deferred node;
    node.mechanism.leaves_kernel(node.cpu(1));
    for (int i = 0; i < 3; ++i) node.mechanism.kernel(node.cpu(), work_of(1));
    node.mechanism.entered_kernel(node.cpu(1));
    EXPECT_EQ(node.log().count(flushed_all, CpuId{1U}), 1U);
    node.mechanism.leaves_kernel(node.cpu(1));
    node.mechanism.entered_kernel(node.cpu(1));
    EXPECT_EQ(node.log().count(flushed_all, CpuId{1U}), 1U);
}

TEST(DeferredFlush, ACpuThatIsBackInTheKernelIsInterruptedAgain) {
    Deferred node;
    node.mechanism.leaves_kernel(node.cpu(1));
    node.mechanism.entered_kernel(node.cpu(1));
    node.mechanism.kernel(node.cpu(), work_of(1));
    EXPECT_EQ(node.flushes(1), 1U);
}

// --- latr ---

struct Latr : MechanismNode {
    explicit Latr(std::size_t cpus = 3)
        : MechanismNode{cpus}, mechanism{calls, work, cpus, memory.data(), {Cycles{1000}, PageCount{33}}} {}
    LatrMechanism mechanism;
};

TEST(LatrFlush, TellsNobodyAndFlushesItself) {
    Latr node;
    node.mechanism.kernel(node.cpu(), work_of(2));
    EXPECT_EQ(node.log().count(sent_interrupts), 0U);
    EXPECT_EQ(node.flushes(0), 2U);
    EXPECT_EQ(node.flushes(1), 0U);
}

TEST(LatrFlush, IsSweptOnceByEachCpu) {
    Latr node;
    node.mechanism.kernel(node.cpu(), work_of(2));
    for (int i = 0; i < 2; ++i) node.mechanism.switches_context(node.cpu(1));
    EXPECT_EQ(node.flushes(1), 2U);
    EXPECT_EQ(node.flushes(2), 0U);
    node.mechanism.switches_context(node.cpu(0));
    EXPECT_EQ(node.flushes(0), 2U);  // its own: done before
}

TEST(LatrFlush, OfMoreThanTheCeilingTogetherIsSweptAsOneFullFlush) {
    Latr node;
    for (int i = 0; i < 3; ++i) node.mechanism.kernel(node.cpu(), work_of(12));
    node.mechanism.switches_context(node.cpu(1));
    EXPECT_EQ(node.log().count(flushed_all, CpuId{1U}), 1U);
    EXPECT_EQ(node.log().count(flushed_page, CpuId{1U}), 0U);
}

TEST(LatrFlush, InterruptsWhenAllStatesAreInUseUntilSomeAreFreeAgain) {
    Latr node{2};
    for (int i = 0; i < 64; ++i) node.mechanism.kernel(node.cpu(), work_of(1));
    EXPECT_EQ(node.log().count(sent_interrupts), 0U);
    node.mechanism.kernel(node.cpu(), work_of(1));
    EXPECT_EQ(node.log().count(sent_interrupts), 1U);
    EXPECT_EQ(node.calls.counters(CpuId{0U}).latr_fallbacks, 1U);
    node.mechanism.switches_context(node.cpu(1));
    node.mechanism.kernel(node.cpu(), work_of(1));
    EXPECT_EQ(node.log().count(sent_interrupts), 1U);
}

// --- latr on user ranges ---

class SomeMemory : public UnmappedMemory {
  public:
    explicit SomeMemory(unsigned& freed) : freed_{freed} {}
    void free(Cpu&) override { ++freed_; }
    [[nodiscard]] PageCount pages() const override { return PageCount{3}; }

  private:
    unsigned& freed_;
};

// Two CPUs run a space, of which the first unmaps.
struct LatrUser : Latr {
    LatrUser() : Latr{2} {
        tlb().set_init_root(memory.root());
        tlb().init(cpu(0), mm, Pfn{1000}, MmUse::any_cpu);
        for (std::uint32_t i = 0; i < 2; ++i) tlb().switch_mm(cpu(i), mm);
    }
    [[nodiscard]] TlbState& tlb() { return calls.local().tlb_state(); }
    [[nodiscard]] RemoteWork next_work() {
        RemoteWork next;
        next.kind = RemoteWork::Kind::user_range;
        next.start = VirtAddr{0x0000700000000000U};
        next.steps = PageCount{2};
        next.mm = &mm;
        next.new_tlb_gen = ++mm.tlb_gen;
        return next;
    }
    // True: kept.
    bool unmap() {
        CpuMask other;
        other.set(CpuId{1U});
        UnmappedMemoryPtr to_free = mechanism.user_unmapped(cpu(0), other, next_work(), std::make_unique<SomeMemory>(freed));
        return to_free == nullptr;
    }
    // The initiator's work after so many ticks.
    void tick_work_after(std::uint64_t ticks) {
        cpu(0).retire(Step::syscall, ticks * 1000 / kFakeStep.raw());
        mechanism.start(cpu(0));
    }
    MmContext mm;
    unsigned freed = 0;
};

TEST(LatrUserFlush, KeepsTheMemoryUntilTheOtherCpuHasSwept) {
    LatrUser node;
    EXPECT_TRUE(node.unmap());
    EXPECT_EQ(node.log().count(sent_interrupts), 0U);
    EXPECT_EQ(node.flushes(0), 2U);
    EXPECT_EQ(node.flushes(1), 0U);
    EXPECT_EQ(node.mechanism.quarantine()->held, PageCount{3});
    node.tick_work_after(5);
    EXPECT_EQ(node.freed, 0U) << "the other CPU has not swept";
    node.mechanism.switches_context(node.cpu(1));
    EXPECT_EQ(node.flushes(1), 2U);
    node.tick_work_after(1);
    EXPECT_EQ(node.freed, 1U);
    EXPECT_EQ(node.mechanism.quarantine()->held, PageCount{0});
    EXPECT_EQ(node.mechanism.quarantine()->most_held, PageCount{3});
    EXPECT_EQ(node.tlb().trace().tlb_irqs, 0U) << "a sweep is no interrupt";
}

TEST(LatrUserFlush, KeepsTheMemoryUntilTheSecondTick) {
    LatrUser node;
    EXPECT_TRUE(node.unmap());
    node.mechanism.switches_context(node.cpu(1));
    node.tick_work_after(1);
    EXPECT_EQ(node.freed, 0U);
    node.tick_work_after(1);
    EXPECT_EQ(node.freed, 1U);
}

// The other CPU sweeps, the state is free and used for the next flush, which it has not swept.
TEST(LatrUserFlush, FreesWhatHasBeenSweptThoughItsStateIsInUseAgain) {
    LatrUser node;
    EXPECT_TRUE(node.unmap());
    node.mechanism.switches_context(node.cpu(1));
    EXPECT_TRUE(node.unmap());
    node.tick_work_after(3);
    EXPECT_EQ(node.freed, 1U);
}

TEST(LatrUserFlush, ThatIsNotOfAnUnmappingInterrupts) {
    LatrUser node;
    CpuMask other;
    other.set(CpuId{1U});
    node.mechanism.user(node.cpu(0), other, node.next_work());
    EXPECT_EQ(node.log().count(sent_interrupts), 1U);
    EXPECT_EQ(node.flushes(1), 2U);
}

TEST(LatrUserFlush, WithNoFreeStateInterruptsAndKeepsNothing) {
    LatrUser node;
    for (int i = 0; i < 64; ++i) EXPECT_TRUE(node.unmap());
    EXPECT_EQ(node.log().count(sent_interrupts), 0U);
    EXPECT_FALSE(node.unmap());
    EXPECT_EQ(node.log().count(sent_interrupts), 1U);
}

TEST(LatrUserFlush, OfASpaceThatHasEndedIsSweptAndFlushesNothing) {
    LatrUser node;
    EXPECT_TRUE(node.unmap());
    for (std::uint32_t i = 0; i < 2; ++i) node.tlb().switch_mm(node.cpu(i), node.tlb().init_mm());
    node.tlb().destroy(node.cpu(0), node.mm);
    node.tlb().init(node.cpu(0), node.mm, Pfn{1001}, MmUse::any_cpu);  // another, in the same place
    node.tlb().switch_mm(node.cpu(1), node.mm);
    node.mm.tlb_gen = 7;
    node.mechanism.switches_context(node.cpu(1));
    EXPECT_EQ(node.flushes(1), 0U);
    node.tick_work_after(3);
    EXPECT_EQ(node.freed, 1U);
}

}  // namespace
}  // namespace splinter::alloc
