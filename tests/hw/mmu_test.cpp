// What translations cost and what walks leave behind, through a whole machine of one core.
#include "hw/mmu/mmu.h"

#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/hw/pages.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

using x86::Pte;

constexpr std::uint64_t kStep = 2;
constexpr std::uint64_t kPageTableRead = 14;
constexpr std::uint64_t kL2Hit = 9;
constexpr Cycles walk_of(std::uint64_t levels) { return Cycles{levels * (kStep + kPageTableRead)}; }
// What an access pays that misses both TLBs: the look-up in L2, then the walk.
constexpr Cycles miss_of(std::uint64_t levels) { return Cycles{kL2Hit} + walk_of(levels); }
constexpr VirtAddr kFirstPage{0xffff888000000000U};  // entry 0 of its tables
constexpr Pfn kFrame{0x1000};

MachineParams one_core() {
    MachineParams machine;
    machine.cores = 1;
    machine.mmu.l2_hit = Cycles{kL2Hit};
    machine.mmu.walk_step = Cycles{kStep};
    machine.mem.page_table_read = Cycles{kPageTableRead};
    return machine;
}

MachineParams without_paging_caches() {
    MachineParams machine = one_core();
    machine.mmu.pml4_cache = machine.mmu.pdpt_cache = machine.mmu.pd_cache = 0;
    return machine;
}

// Runs `body` on the core of a machine with these parameters and kFirstPage mapped with `flags`.
void on_core(const MachineParams& params, std::uint64_t flags, const std::function<void(TestMachine&, Core&)>& body) {
    TestMachine test{params};
    test.map(kFirstPage, kFrame, flags);
    test.program(0).body = [&](Core& core) { body(test, core); };
    test.run();
}

// As an MMU test that takes nothing but the core.
void on_core(const std::function<void(TestMachine&, Core&)>& body) { on_core(one_core(), kUsedLeaf, body); }

Cycles read_cost(Core& core, VirtAddr va) { return probe(core, va, kRead).latency; }

TEST(Mmu, TranslatesToTheFrameAndTheOffset) {
    on_core([](TestMachine&, Core& core) {
        EXPECT_EQ(probe(core, kFirstPage + 0x123, kRead).address, base_of(kFrame) + 0x123);
        EXPECT_EQ(probe(core, kFirstPage + 0x456, kRead).address, base_of(kFrame) + 0x456);
    });
}

TEST(Mmu, AnL1HitCostsNothingMore) {
    on_core([](TestMachine&, Core& core) {
        (void)read_cost(core, kFirstPage);
        EXPECT_EQ(read_cost(core, kFirstPage), Cycles{0});
        EXPECT_EQ(core.mmu().unit().stats().l1_misses, 1U);
    });
}

TEST(Mmu, AnAccessTakesItsTranslationAndTheLine) {
    on_core([](TestMachine&, Core& core) {
        core.access(kFirstPage, kRead);
        EXPECT_EQ(core.timeline().now(), miss_of(4) + one_core().mem.l1d_hit);
        core.access(kFirstPage, kRead);
        EXPECT_EQ(core.timeline().now(), miss_of(4) + one_core().mem.l1d_hit * 2);
    });
}

TEST(Mmu, AnL2HitCostsItsLatency) {
    MachineParams machine = one_core();
    machine.mmu.l1d = {1, 1};
    on_core(machine, kUsedLeaf, [](TestMachine& test, Core& core) {
        test.map(kFirstPage + kPageBytes, kFrame, kUsedLeaf);
        (void)read_cost(core, kFirstPage);
        (void)read_cost(core, kFirstPage + kPageBytes);  // takes the only L1 entry
        EXPECT_EQ(read_cost(core, kFirstPage), Cycles{kL2Hit});
        EXPECT_EQ(read_cost(core, kFirstPage), Cycles{0});  // it is in L1 again
    });
}

TEST(Mmu, AWalkFromTheRootReadsFourLevels) {
    on_core([](TestMachine&, Core& core) {
        EXPECT_EQ(read_cost(core, kFirstPage), miss_of(4));
        EXPECT_EQ(core.mmu().unit().stats().walk_reads, 4U);
        EXPECT_EQ(core.mmu().unit().stats().walk_cycles, walk_of(4).raw());
    });
}

TEST(Mmu, TheDeepestCachedTableShortensAWalk) {
    on_core([](TestMachine& test, Core& core) {
        test.map(kFirstPage + kPageBytes, kFrame, kUsedLeaf);
        test.map(kFirstPage + kTwoMebibytes, kFrame, kUsedLeaf);
        test.map(kFirstPage + kGibibyte, kFrame, kUsedLeaf);
        (void)read_cost(core, kFirstPage);
        EXPECT_EQ(read_cost(core, kFirstPage + kPageBytes), miss_of(1));
        EXPECT_EQ(read_cost(core, kFirstPage + kTwoMebibytes), miss_of(2));
        EXPECT_EQ(read_cost(core, kFirstPage + kGibibyte), miss_of(3));
    });
}

TEST(Mmu, WithoutPagingCachesEveryWalkReadsAllLevels) {
    on_core(without_paging_caches(), kUsedLeaf, [](TestMachine& test, Core& core) {
        test.map(kFirstPage + kPageBytes, kFrame, kUsedLeaf);
        (void)read_cost(core, kFirstPage);
        EXPECT_EQ(read_cost(core, kFirstPage + kPageBytes), miss_of(4));
    });
}

TEST(Mmu, LargeLeavesEndAWalkEarlier) {
    on_core(without_paging_caches(), kUsedLeaf, [](TestMachine& test, Core& core) {
        const VirtAddr large = kFirstPage + kGibibyte;
        const VirtAddr huge = kFirstPage + 2 * kGibibyte;
        test.map(large, Pfn{0x200}, kUsedLeaf, x86::PageSize::m2);
        test.map(huge, Pfn{0}, kUsedLeaf, x86::PageSize::g1);
        EXPECT_EQ(read_cost(core, large), miss_of(3));
        EXPECT_EQ(read_cost(core, huge), miss_of(2));
        EXPECT_EQ(read_cost(core, large + (kTwoMebibytes - 1)), Cycles{0});
        EXPECT_EQ(read_cost(core, huge + (kGibibyte - 1)), Cycles{0});
        EXPECT_EQ(probe(core, large + 0x1234, kRead).address, base_of(Pfn{0x200}) + 0x1234);
    });
}

TEST(Mmu, TheTlmBusTakesTheSameCyclesAsDmi) {
    MachineParams machine = one_core();
    machine.bus = "tlm";
    on_core(machine, kCleanLeaf, [](TestMachine& test, Core& core) {
        test.map(kFirstPage + kPageBytes, kFrame, kCleanLeaf);
        EXPECT_EQ(read_cost(core, kFirstPage), miss_of(4));
        EXPECT_EQ(read_cost(core, kFirstPage + kPageBytes), miss_of(1));
        EXPECT_EQ(probe(core, kFirstPage, kWrite).latency, walk_of(1));  // it hit in L1
        EXPECT_EQ(core.mmu().unit().stats().walk_reads, 6U);
    });
}

TEST(Mmu, InvlpgDropsItsPageAndAllPagingCacheEntries) {
    on_core([](TestMachine& test, Core& core) {
        test.map(kFirstPage + kPageBytes, kFrame, kUsedLeaf);
        (void)read_cost(core, kFirstPage);
        (void)read_cost(core, kFirstPage + kPageBytes);
        EXPECT_EQ(core.mmu().unit().invalidate(x86::Invalidation::page(kFirstPage)), one_core().core.invlpg);
        EXPECT_EQ(read_cost(core, kFirstPage + kPageBytes), Cycles{0});  // its TLB entry stays
        EXPECT_EQ(read_cost(core, kFirstPage), miss_of(4));
        EXPECT_EQ(core.mmu().unit().stats().invlpg, 1U);
    });
}

TEST(Mmu, WithoutAnInvalidationTheOldTranslationStays) {
    on_core([](TestMachine& test, Core& core) {
        (void)read_cost(core, kFirstPage);
        core.mmu().store(test.entry(kFirstPage, x86::kPte), Pte{});
        EXPECT_FALSE(probe(core, kFirstPage, kRead).faulted);
        (void)core.mmu().unit().invalidate(x86::Invalidation::page(kFirstPage));
        EXPECT_TRUE(probe(core, kFirstPage, kRead).faulted);
    });
}

TEST(Mmu, AFullFlushDropsGlobalEntriesToo) {
    on_core(one_core(), kUsedLeaf | Pte::kGlobal, [](TestMachine&, Core& core) {
        (void)read_cost(core, kFirstPage);
        EXPECT_EQ(core.mmu().unit().invalidate(x86::Invalidation::all()), one_core().core.full_flush);
        EXPECT_EQ(read_cost(core, kFirstPage), miss_of(4));
        EXPECT_EQ(core.mmu().unit().stats().full_flushes, 1U);
    });
}

TEST(Mmu, ACr3WriteKeepsGlobalEntriesAndDropsTheRest) {
    on_core(one_core(), kUsedLeaf | Pte::kGlobal, [](TestMachine& test, Core& core) {
        const VirtAddr local = kFirstPage + kPageBytes;
        test.map(local, kFrame, kUsedLeaf);
        (void)read_cost(core, kFirstPage);
        (void)read_cost(core, local);
        EXPECT_EQ(core.mmu().unit().invalidate(x86::Invalidation::current_pcid()), one_core().core.cr3_write);
        EXPECT_EQ(read_cost(core, kFirstPage), Cycles{0});
        EXPECT_EQ(read_cost(core, local), miss_of(4));  // the paging-structure caches are gone as well
    });
}

TEST(Mmu, AReadSetsAccessedInEveryLevelAndNotDirty) {
    on_core(one_core(), kCleanLeaf, [](TestMachine& test, Core& core) {
        for (x86::Level level : {x86::kPml4e, x86::kPdpte, x86::kPde}) {
            const PhysAddr entry = test.entry(kFirstPage, level);
            test.memory().store(entry, test.memory().load(entry).without(Pte::kAccessed));
        }
        (void)read_cost(core, kFirstPage);
        for (x86::Level level : {x86::kPml4e, x86::kPdpte, x86::kPde, x86::kPte})
            EXPECT_TRUE(test.memory().load(test.entry(kFirstPage, level)).has(Pte::kAccessed)) << level.number();
        EXPECT_FALSE(test.memory().load(test.entry(kFirstPage, x86::kPte)).has(Pte::kDirty));
    });
}

TEST(Mmu, AWriteSetsDirtyInTheLeafOnly) {
    on_core(one_core(), kCleanLeaf, [](TestMachine& test, Core& core) {
        (void)probe(core, kFirstPage, kWrite);
        EXPECT_TRUE(test.memory().load(test.entry(kFirstPage, x86::kPte)).has(Pte::kAccessed | Pte::kDirty));
        EXPECT_FALSE(test.memory().load(test.entry(kFirstPage, x86::kPde)).has(Pte::kDirty));
    });
}

TEST(Mmu, AWriteThroughACleanEntryWalksOnce) {
    on_core(one_core(), kCleanLeaf, [](TestMachine& test, Core& core) {
        (void)read_cost(core, kFirstPage);
        EXPECT_EQ(probe(core, kFirstPage, kWrite).latency, walk_of(1));  // it hit in L1
        EXPECT_TRUE(test.memory().load(test.entry(kFirstPage, x86::kPte)).has(Pte::kDirty));
        EXPECT_EQ(probe(core, kFirstPage, kWrite).latency, Cycles{0});
    });
}

TEST(Mmu, AWriteThatTheRightsForbidSetsNoDirty) {
    on_core(one_core(), kCleanLeaf & ~Pte::kWritable, [](TestMachine& test, Core& core) {
        const Probe write = probe(core, kFirstPage, kWrite);
        EXPECT_TRUE(write.faulted);
        EXPECT_EQ(write.error_code, x86::PageFault::kPresentBit | x86::PageFault::kWriteBit);
        EXPECT_FALSE(test.memory().load(test.entry(kFirstPage, x86::kPte)).has(Pte::kDirty));
    });
}

TEST(Mmu, AFaultCachesNothingAndIsCounted) {
    on_core([](TestMachine& test, Core& core) {
        const VirtAddr missing = kFirstPage + kPageBytes;
        EXPECT_TRUE(probe(core, missing, kRead).faulted);
        EXPECT_EQ(probe(core, missing, kRead).error_code, 0U);  // P = 0: not present
        EXPECT_EQ(core.mmu().unit().stats().faults, 2U);
        test.map(missing, kFrame, kUsedLeaf);
        EXPECT_FALSE(probe(core, missing, kRead).faulted);
    });
}

TEST(Mmu, AFaultOfAnAccessThatMustSucceedIsAFindingThatNamesCoreAndCycle) {
    TestMachine test{one_core()};
    test.program(0).body = [](Core& core) {
        core.timeline().advance(Cycles{500});
        core.access(VirtAddr{0x5000}, kRead);
    };
    try {
        test.run();
        FAIL() << "no finding";
    } catch (const SimulatedFinding& finding) {
        EXPECT_EQ(std::string{finding.what()}, "page fault at 0x5000, error code 0x0, on core0 at cycle 500 in ");
    }
}

// Rule 5 through the whole machine: core 1 takes an entry away at 1000, core 0 walks it without an ordering point.
bool walk_faults(std::uint64_t read_at) {
    MachineParams machine = one_core();
    machine.cores = 2;
    machine.ipi.flight_socket = Cycles{900};
    TestMachine test{machine};
    const PhysAddr entry = test.map(kFirstPage, kFrame, kUsedLeaf);
    bool faulted = false;
    test.program(0).body = [&](Core& core) {
        core.timeline().advance(Cycles{read_at});
        faulted = probe(core, kFirstPage, kRead).faulted;
    };
    test.program(1).body = [&](Core& core) {
        core.timeline().advance(Cycles{1000});
        core.mmu().store(entry, Pte{});
    };
    test.run();
    return faulted;
}

TEST(Mmu, AWalkerSeesAnotherCoresStoreAfterTheLookaheadAndNotACycleEarlier) {
    EXPECT_FALSE(walk_faults(1899));
    EXPECT_TRUE(walk_faults(1900));
}

}  // namespace
}  // namespace splinter::hw
