// Which address space a CPU has loaded, what its switches flush, and who hears of a flush: arch/x86/mm/tlb.c.
#include "alloc/smp/tlb_state.h"

#include <gtest/gtest.h>

#include <set>

#include "alloc/smp/ipi_mechanism.h"
#include "alloc/smp/user_flush.h"
#include "tests/alloc/recording_cpu.h"

namespace splinter::alloc {
namespace {

using Tables = RemoteWork::Tables;
using x86::Cr3Flush;

constexpr VirtAddr kMappedStart{0x0000700000000000U};
constexpr std::size_t kCpus = 4;

// The last write of CR3 of each CPU, and all its invalidations.
class Cr3Cpu : public RecordingCpu {
  public:
    using RecordingCpu::RecordingCpu;
    void write_cr3(Pfn root, x86::Pcid pcid, Cr3Flush flush) override {
        ++writes;
        last = {root, pcid, flush};
    }
    void invalidate(const x86::Invalidation& invalidation) override {
        invalidations.push_back(invalidation);
        RecordingCpu::invalidate(invalidation);
    }
    struct Write {
        Pfn root;
        x86::Pcid pcid;
        Cr3Flush flush = Cr3Flush::flush;
    };
    Write last;
    unsigned writes = 0;
    std::vector<x86::Invalidation> invalidations;
};

struct Flushes : ::testing::Test {
    explicit Flushes(UserFlushOrder order = UserFlushOrder::concurrent)
        : calls{kCpus, memory.data()}, mechanism{calls}, flush{mechanism, calls.local(), PageCount{33}, order} {
        state().set_init_root(memory.root());
        machine.set_handler([this](Cpu& cpu, std::uint8_t) { calls.on_interrupt(cpu); });
        for (MmContext* each : {&mm, &other}) state().init(machine.cpu(), *each, Pfn{1000}, MmUse::any_cpu);
    }
    [[nodiscard]] TlbState& state() { return calls.local().tlb_state(); }
    [[nodiscard]] TlbTrace& trace() { return state().trace(); }
    void run_on(std::uint32_t cpu, MmContext& space) { state().switch_mm(machine.cpu(cpu), space); }
    void sleep(std::uint32_t cpu) { state().enter_lazy_tlb(machine.cpu(cpu)); }
    void flush_pages(std::uint64_t pages, Tables tables = Tables::kept, PageCount stride = PageCount{1}) {
        flush.mm_range(machine.cpu(), mm, kMappedStart, pages * kPageBytes, stride, tables);
        machine.check_quiet();
    }

    TestMemory memory;
    RecordingMachine machine{memory, kCpus};
    CallFunction calls;
    IpiMechanism mechanism;
    UserFlush flush;
    MmContext mm;
    MmContext other;
};

TEST_F(Flushes, ReachTheCpusThatRunTheSpaceAndNoOthers) {
    run_on(0, mm);
    run_on(2, mm);
    run_on(3, other);
    flush_pages(5);
    EXPECT_EQ(trace().local_ranged, 1U);
    EXPECT_EQ(trace().remote_ranged, 1U);
    EXPECT_EQ(trace().send_ranged, 1U);
    EXPECT_EQ(trace().tlb_irqs, 1U);
    EXPECT_EQ(trace().user_invlpg, 10U);
    EXPECT_EQ(calls.counters(CpuId{2U}).nr_tlb_remote_flush_received, 1U);
    EXPECT_EQ(calls.counters(CpuId{0U}).nr_tlb_local_flush_one, 5U);
    EXPECT_EQ(calls.counters(CpuId{2U}).nr_tlb_local_flush_one, 0U) << "counted where the flush was asked for";
}

TEST_F(Flushes, OfMorePagesThanTheCeilingAreOfEverything) {
    run_on(0, mm);
    run_on(1, mm);
    flush_pages(33);
    EXPECT_EQ(trace().local_full + trace().remote_full, 0U);
    flush_pages(34);
    EXPECT_EQ(trace().local_full, 1U);
    EXPECT_EQ(trace().remote_full, 1U);
    EXPECT_EQ(trace().send_full, 1U);
}

TEST_F(Flushes, CountStridesAndNotPages) {
    run_on(0, mm);
    flush_pages(512 * 8, Tables::kept, PageCount{512});
    EXPECT_EQ(trace().local_ranged, 1U);
    EXPECT_EQ(trace().user_invlpg, 8U);
}

// Seven tables of PTEs, freed: the range ends a page into the last one.
TEST_F(Flushes, TakeOneMoreStrideForTheRest) {
    run_on(0, mm);
    flush_pages(512 * 6 + 1, Tables::freed, PageCount{512});
    EXPECT_EQ(trace().user_invlpg, 7U);
}

TEST_F(Flushes, SpareALazyCpuWhichFlushesWhenItComesBack) {
    run_on(0, mm);
    run_on(1, mm);
    sleep(1);
    flush_pages(1);
    EXPECT_EQ(trace().tlb_irqs, 0U);
    EXPECT_EQ(trace().send_ranged, 1U) << "traced before anybody is asked whether he is lazy";
    EXPECT_EQ(calls.counters(CpuId{0U}).nr_tlb_remote_flush, 1U);
    EXPECT_TRUE(mm.cpus.test(CpuId{1U}));
    const std::uint64_t before = trace().switch_flush;
    run_on(1, mm);
    EXPECT_EQ(trace().switch_flush, before + 1);
    EXPECT_FALSE(state().is_lazy(CpuId{1U}));
}

TEST_F(Flushes, LeaveALazyCpuAloneThatComesBackToAnUnchangedSpace) {
    run_on(1, mm);
    sleep(1);
    const std::uint64_t before = trace().switch_flush + trace().switch_keep;
    run_on(1, mm);
    EXPECT_EQ(trace().switch_flush + trace().switch_keep, before);
}

TEST_F(Flushes, ThatFreeTablesSendALazyCpuToInitMmOnce) {
    run_on(0, mm);
    run_on(1, mm);
    sleep(1);
    flush_pages(1, Tables::freed);
    EXPECT_EQ(trace().tlb_irqs, 1U);
    EXPECT_EQ(trace().left_lazily, 1U);
    EXPECT_EQ(trace().remote_ranged + trace().remote_full, 0U);
    EXPECT_EQ(&state().loaded_mm(CpuId{1U}), &state().init_mm());
    EXPECT_FALSE(mm.cpus.test(CpuId{1U}));
    flush_pages(1, Tables::freed);
    EXPECT_EQ(trace().tlb_irqs, 1U);
}

// The flush for generation 2 has not been carried out when that for 3 comes: a range would leave what 2 was about.
TEST_F(Flushes, OfARangeAreOfEverythingOnACpuThatHasMissedOne) {
    run_on(0, mm);
    run_on(1, mm);
    mm.tlb_gen = 1;
    flush_pages(1);
    EXPECT_EQ(trace().local_full, 1U);
    EXPECT_EQ(trace().remote_full, 1U);
    EXPECT_EQ(trace().user_invlpg, 0U);
}

TEST_F(Flushes, ThatCameTooLateDoNothing) {
    run_on(1, mm);
    RemoteWork work;
    work.kind = RemoteWork::Kind::user_range;
    work.steps = PageCount{1};
    work.mm = &mm;
    work.new_tlb_gen = mm.tlb_gen;
    KernelCounters counters;
    state().flush_tlb_func(machine.cpu(1), work, counters);
    EXPECT_EQ(trace().user_invlpg + trace().remote_ranged + trace().remote_full, 0U);
    EXPECT_EQ(trace().tlb_irqs, 1U);
}

TEST_F(Flushes, OfASpaceThatNobodyRunsOnlyRaiseItsGeneration) {
    run_on(1, mm);
    run_on(1, other);
    flush_pages(1);
    EXPECT_EQ(trace().send_ranged + trace().local_ranged, 0U);
    const std::uint64_t before = trace().switch_flush;
    run_on(1, mm);
    EXPECT_EQ(trace().switch_flush, before + 1) << "its entries under the old PCID are behind";
}

struct SequentialFlushes : Flushes {
    SequentialFlushes() : Flushes{UserFlushOrder::sequential} {}
};

TEST_F(SequentialFlushes, DoTheOwnShareOnceAndBeforeAnybodyIsTold) {
    run_on(0, mm);
    run_on(1, mm);
    machine.log().clear();
    flush_pages(2);
    EXPECT_EQ(trace().local_ranged, 1U);
    EXPECT_EQ(trace().remote_ranged, 1U);
    EXPECT_EQ(trace().user_invlpg, 4U);
    std::size_t first_flush = 0;
    std::size_t first_send = 0;
    const auto& all = machine.log().calls();
    for (std::size_t i = all.size(); i-- > 0;) {
        if (all[i].kind == Call::Kind::flushed_page) first_flush = i;
        if (all[i].kind == Call::Kind::sent_interrupts) first_send = i;
    }
    EXPECT_LT(first_flush, first_send);
}

struct Switches : ::testing::Test {
    Switches() : state{1, memory.data()}, cpu{machine, CpuId{0U}}, spaces(8) {
        state.set_init_root(memory.root());
        for (std::size_t i = 0; i < spaces.size(); ++i) state.init(cpu, spaces[i], Pfn{1000 + i}, MmUse::one_cpu);
    }
    Cr3Cpu::Write to(std::size_t space) {
        state.switch_mm(cpu, spaces[space]);
        return cpu.last;
    }
    TestMemory memory;
    RecordingMachine machine{memory, 1};
    TlbState state;
    Cr3Cpu cpu;
    std::vector<MmContext> spaces;
};

TEST_F(Switches, KeepTheTranslationsOfSixSpacesEachUnderAPcidOfItsOwn) {
    std::set<std::uint16_t> pcids;
    for (std::size_t i = 0; i < 6; ++i) {
        const Cr3Cpu::Write write = to(i);
        EXPECT_EQ(write.flush, Cr3Flush::flush) << i;
        EXPECT_EQ(write.root, spaces[i].pgd);
        pcids.insert(write.pcid.raw());
    }
    EXPECT_EQ(pcids, (std::set<std::uint16_t>{1, 2, 3, 4, 5, 6}));
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(to(i).flush, Cr3Flush::no_flush) << i;
}

TEST_F(Switches, GiveTheOldestPcidToASeventhSpace) {
    for (std::size_t i = 0; i < 6; ++i) (void)to(i);
    EXPECT_EQ(to(6).flush, Cr3Flush::flush);
    EXPECT_EQ(to(0).flush, Cr3Flush::flush);
    EXPECT_EQ(to(4).flush, Cr3Flush::no_flush);
}

TEST_F(Switches, FlushASpaceThatWasFlushedElsewhere) {
    (void)to(0);
    (void)to(1);
    ++spaces[0].tlb_gen;
    const Cr3Cpu::Write write = to(0);
    EXPECT_EQ(write.flush, Cr3Flush::flush);
    EXPECT_EQ(to(1).flush, Cr3Flush::no_flush);
    EXPECT_EQ(to(0).flush, Cr3Flush::no_flush);
}

TEST_F(Switches, FlushAllOtherSpacesOnceAfterAFlushOfKernelAddressesThatAreNotGlobal) {
    state.set_isolation(Isolation::on);
    for (std::size_t i = 0; i < 3; ++i) (void)to(i);
    state.flush_one_kernel(cpu, VirtAddr{layout::kVmalloc});
    EXPECT_EQ(to(1).flush, Cr3Flush::flush);
    EXPECT_EQ(to(2).flush, Cr3Flush::no_flush) << "it was loaded, and its entries were flushed with the kernel's";
    EXPECT_EQ(to(0).flush, Cr3Flush::flush);
    EXPECT_EQ(to(1).flush, Cr3Flush::no_flush);
}

TEST_F(Switches, KeepAllSpacesAfterAFlushOfKernelAddressesThatLinuxTakesForGlobal) {
    for (std::size_t i = 0; i < 3; ++i) (void)to(i);
    state.flush_one_kernel(cpu, VirtAddr{layout::kVmalloc});
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(to(i).flush, Cr3Flush::no_flush) << i;
}

// native_flush_tlb_one_user(): INVLPG for the kernel's PCID, which is loaded, and INVPCID for that of user mode.
TEST_F(Switches, UnderIsolationAFlushOfOneAddressDropsItUnderBothPcidsOfTheAsid) {
    using Kind = x86::Invalidation::Kind;
    for (const Isolation isolation : {Isolation::off, Isolation::on}) {
        state.set_isolation(isolation);
        (void)to(3);
        cpu.invalidations.clear();
        state.flush_one_kernel(cpu, VirtAddr{layout::kVmalloc});
        ASSERT_EQ(cpu.invalidations.size(), isolation == Isolation::on ? 2U : 1U);
        EXPECT_EQ(cpu.invalidations[0].kind, Kind::invlpg);
        EXPECT_EQ(cpu.invalidations[0].address, VirtAddr{layout::kVmalloc});
    }
    EXPECT_EQ(cpu.invalidations[1].kind, Kind::invpcid_address);
    EXPECT_EQ(cpu.invalidations[1].address, VirtAddr{layout::kVmalloc});
    EXPECT_EQ(cpu.invalidations[1].pcid.raw(), cpu.last.pcid.raw() + 2048);
}

TEST_F(Switches, UnderIsolationWithoutPcidsInvlpgIsEnough) {
    state.set_isolation(Isolation::on);
    state.set_pcids(Pcids::absent);
    (void)to(0);
    cpu.invalidations.clear();
    state.flush_one_kernel(cpu, VirtAddr{layout::kVmalloc});
    EXPECT_EQ(cpu.invalidations.size(), 1U);
}

TEST_F(Switches, AlwaysFlushWithoutPcids) {
    state.set_pcids(Pcids::absent);
    (void)to(0);
    (void)to(1);
    const Cr3Cpu::Write write = to(0);
    EXPECT_EQ(write.flush, Cr3Flush::flush);
    EXPECT_EQ(write.pcid, x86::Pcid{0});
}

TEST_F(Switches, MoveTheCpuFromMaskToMask) {
    (void)to(0);
    EXPECT_TRUE(spaces[0].cpus.test(CpuId{0U}));
    (void)to(1);
    EXPECT_FALSE(spaces[0].cpus.test(CpuId{0U}));
    EXPECT_TRUE(spaces[1].cpus.test(CpuId{0U}));
    state.enter_lazy_tlb(cpu);
    EXPECT_TRUE(spaces[1].cpus.test(CpuId{0U}));
    state.leave_mm(cpu);
    EXPECT_FALSE(spaces[1].cpus.test(CpuId{0U}));
    EXPECT_EQ(cpu.last.root, memory.root());
}

}  // namespace
}  // namespace splinter::alloc
