// set_memory_*(): counts of /proc/vmstat and probes of real kernels (table "Direct-map operations" of the recorded data), and
// the rules behind them. Flushes are those of one CPU: each executes on all.
#include "alloc/map/set_memory.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

using x86::PageSize;
using x86::Pte;
using SetOutcome = SetMemory::Outcome;

struct Counts {
    std::uint64_t level3, level2, flush_tlb_all, kernel_range, cpa_flush, full, ranged, invlpg;
    friend bool operator==(const Counts&, const Counts&) = default;
    friend void PrintTo(const Counts& c, std::ostream* out) {
        *out << "L3 " << c.level3 << " L2 " << c.level2 << " flush_tlb_all " << c.flush_tlb_all << " kernel_range "
             << c.kernel_range << " cpa_flush " << c.cpa_flush << " full " << c.full << " ranged " << c.ranged << " invlpg "
             << c.invlpg;
    }
};

// [1 GiB, 2 GiB) in 2 MiB leaves, [2 GiB, 3 GiB) one leaf of 1 GiB. Offsets are pages from 1 GiB.
struct Memory : ::testing::Test {
    static constexpr std::uint64_t kGiant = kGiantPages.raw();
    RecordedKernel node{kTablePages, "none", 2};
    BareVmapAreas aliases{node.kernel.flush};
    SetMemory memory{node.kernel.direct_map, node.kernel.flush, aliases};

    void SetUp() override {
        const auto split = node.kernel.direct_map.set_mapping(node.cpu(), {kFirstGiant, kLargePages}, Mapping::unmapped);
        ASSERT_EQ(split, DirectMap::Outcome::done);
        const auto back = node.kernel.direct_map.set_mapping(node.cpu(), {kFirstGiant, kLargePages}, Mapping::mapped);
        ASSERT_EQ(back, DirectMap::Outcome::done);
    }
    void TearDown() override { node.machine.check_quiet(); }
    SetOutcome call(std::string_view name, std::uint64_t offset, std::uint64_t pages, std::string_view version = "6.12") {
        const SetMemoryFunction* function = find_set_memory_function(name, version);
        SPLINTER_CHECK(function != nullptr, "the test knows the function");
        return memory.call(node.cpu(), *function, {after(kFirstGiant, offset), PageCount{pages}});
    }
    Counts counts() {
        const KernelCounters sum = node.kernel.counters(CpuId{0U});
        const TlbFlush::Calls& made = node.kernel.flush.made();
        return {sum.direct_map_level3_splits,
                sum.direct_map_level2_splits,
                made.flush_tlb_all,
                made.flush_tlb_kernel_range,
                made.cpa_flush,
                node.kernel.calls.executed().full / 2,
                node.kernel.calls.executed().ranged / 2,
                sum.nr_tlb_local_flush_one};
    }
    // What one call counts; each finds one lazily freed vmalloc area, as each recorded one did.
    Counts counted(std::string_view name, std::uint64_t offset, std::uint64_t pages) {
        aliases.freed(VirtAddr{0xffffc90000000000U}, PageCount{64});
        const Counts a = counts();
        EXPECT_EQ(call(name, offset, pages), SetOutcome::done);
        const Counts b = counts();
        return {b.level3 - a.level3,
                b.level2 - a.level2,
                b.flush_tlb_all - a.flush_tlb_all,
                b.kernel_range - a.kernel_range,
                b.cpa_flush - a.cpa_flush,
                b.full - a.full,
                b.ranged - a.ranged,
                b.invlpg - a.invlpg};
    }
    Pte leaf(std::uint64_t offset) {
        const VirtAddr va = layout::direct_map(after(kFirstGiant, offset));
        Pfn table = node.memory.root();
        for (x86::Level level = x86::kPml4e;; level = level.below()) {
            const Pte entry = node.memory.contents().load(base_of(table) + level.index(va) * 8);
            if (entry.is_leaf(level) || !entry.present()) return entry;
            table = entry.next_table();
        }
    }
};

// __set_pages_np(): 6.12 clears Dirty with Present and Writable, so that set_memory_ro(), which does so too, finds nothing to
// do.
TEST_F(Memory, WhatWasTakenOutIsReadOnlyAlreadyAndIsNotFlushedAgain) {
    ASSERT_EQ(node.kernel.direct_map.set_mapping(node.cpu(), {after(kFirstGiant, 5), PageCount{40}}, Mapping::unmapped),
              DirectMap::Outcome::done);
    EXPECT_EQ(counted("set_memory_ro", 5, 40).cpa_flush, 0U);
    node.kernel.direct_map.set_not_present(LeafChange::not_present_6_1());
    ASSERT_EQ(node.kernel.direct_map.set_mapping(node.cpu(), {after(kFirstGiant, 605), PageCount{40}}, Mapping::unmapped),
              DirectMap::Outcome::done);
    EXPECT_EQ(counted("set_memory_ro", 605, 40).cpa_flush, 1U);  // a leaf of 6.1 with the function of 6.12
}

TEST_F(Memory, OnePageOfALargeLeafIsSplitOffAndFlushedAsOnePage) {
    EXPECT_EQ(counted("set_memory_ro", 1024, 1), (Counts{0, 1, 1, 1, 1, 2, 1, 1}));
}
TEST_F(Memory, AChangeThatChangesNothingFlushesOnlyTheAliases) {
    (void)counted("set_memory_ro", 1024, 1);
    EXPECT_EQ(counted("set_memory_ro", 1024, 1), (Counts{0, 0, 0, 1, 0, 1, 0, 0}));
    EXPECT_EQ(counted("set_memory_nx", 2048, 7), (Counts{0, 0, 0, 1, 0, 1, 0, 0}));
}
TEST_F(Memory, ThirtyThreePagesAreFlushedOneByOneAndThirtyFourByFlushTlbAll) {
    (void)counted("set_memory_ro", 1024, 32);
    EXPECT_EQ(counted("set_memory_ro", 1056, 33), (Counts{0, 0, 0, 1, 1, 1, 1, 33}));
    EXPECT_EQ(counted("set_memory_ro", 1089, 34), (Counts{0, 0, 1, 1, 1, 2, 0, 0}));
}
TEST_F(Memory, AlignedRangesOfLargeLeavesAreNotSplit) {
    EXPECT_EQ(counted("set_memory_ro", 1024, 512), (Counts{0, 0, 1, 1, 1, 2, 0, 0}));
    EXPECT_EQ(counted("set_memory_np", 2048, 1024), (Counts{0, 0, 1, 1, 1, 2, 0, 0}));
    EXPECT_EQ(counted("set_memory_ro", kGiant, kGiant), (Counts{0, 0, 1, 1, 1, 2, 0, 0}));
}
TEST_F(Memory, MisalignedRangesSplitBothEnds) {
    EXPECT_EQ(counted("set_memory_ro", 1024 + 1, 1024), (Counts{0, 2, 3, 1, 1, 4, 0, 0}));
}
TEST_F(Memory, AGiantLeafIsSplitTwiceForOnePage) {
    EXPECT_EQ(counted("set_memory_ro", kGiant + 7, 1), (Counts{1, 1, 2, 1, 1, 3, 1, 1}));
}
TEST_F(Memory, SetMemory4kSplitsButFlushesNoChange) {
    EXPECT_EQ(counted("set_memory_4k", 1024, 1), (Counts{0, 1, 1, 1, 0, 2, 0, 0}));
    EXPECT_EQ(counted("set_memory_4k", 2048, 512), (Counts{0, 1, 1, 1, 0, 2, 0, 0}));
    EXPECT_EQ(counted("set_memory_4k", 2048, 512), (Counts{0, 0, 0, 1, 0, 1, 0, 0}));
}
TEST_F(Memory, CacheModesAreBitsOfTheLeaf) {
    EXPECT_EQ(counted("set_memory_uc", 1024, 1), (Counts{0, 1, 1, 1, 1, 2, 1, 1}));
    EXPECT_TRUE(leaf(1024).has(Pte::kCacheDisable));
    EXPECT_FALSE(leaf(1024).has(Pte::kWriteThrough));
    EXPECT_EQ(counted("set_memory_wb", 1024, 1), (Counts{0, 0, 0, 1, 1, 1, 1, 1}));
    EXPECT_FALSE(leaf(1024).has(Pte::kCacheDisable));
}
TEST_F(Memory, WriteCombiningIsTwoChangesAndTheSecondFindsNoAliases) {
    EXPECT_EQ(counted("set_memory_wc", 2048, 512), (Counts{0, 0, 2, 1, 2, 3, 0, 0}));
    EXPECT_TRUE(leaf(2048).has(Pte::kWriteThrough));
    EXPECT_FALSE(leaf(2048).has(Pte::kCacheDisable));
}
TEST_F(Memory, APageWithAReservedCacheModeIsRefusedAndNothingIsFlushed) {
    (void)counted("set_memory_uc", 1024, 1);
    const Counts before = counts();
    EXPECT_EQ(call("set_memory_wc", 1000, 100), SetOutcome::busy);
    EXPECT_EQ(counts(), before);
    EXPECT_EQ(call("set_memory_wb", 1024, 1), SetOutcome::done);
    EXPECT_EQ(call("set_memory_wc", 1000, 100), SetOutcome::done);
}
TEST_F(Memory, WithoutMemoryEncryptionItsFunctionsDoNothing) {
    EXPECT_EQ(counted("set_memory_decrypted", 1024, 512), (Counts{}));
}
TEST_F(Memory, WithoutLazilyFreedAreasTheAliasesNeedNoFlush) {
    const Counts before = counts();
    EXPECT_EQ(call("set_memory_nx", 1024, 1), SetOutcome::done);
    EXPECT_EQ(counts(), before);
}
TEST_F(Memory, NotPresentLargeLeavesLoseTheGlobalAndThePageSizeBitAndKeepTheirSize) {  // recorded: 0x183 becomes 0x002
    (void)counted("set_memory_np", 1024, 512);
    EXPECT_EQ(leaf(1024).flags() & ~(Pte::kAccessed | Pte::kDirty), Pte::kNoExecute | Pte::kWritable);
    EXPECT_EQ(counted("set_memory_p", 1024, 512), (Counts{0, 0, 1, 1, 1, 2, 0, 0}));
    EXPECT_EQ(leaf(1024).flags(), (kKernelLeaf & ~Pte::kGlobal) | Pte::kPageSizeBit);
    EXPECT_EQ(node.memory.translate(after(kFirstGiant, 1024))->size, PageSize::m2);
}
TEST_F(Memory, PartOfANotPresentLargeLeafCanBePutBack) {
    (void)counted("set_memory_np", 1024, 512);
    EXPECT_EQ(counted("set_memory_p", 1030, 2), (Counts{0, 1, 1, 1, 1, 2, 1, 2}));
    EXPECT_FALSE(node.memory.mapped(after(kFirstGiant, 1029)));
    EXPECT_TRUE(node.memory.mapped(after(kFirstGiant, 1031)));
    EXPECT_FALSE(node.memory.mapped(after(kFirstGiant, 1032)));
}
TEST_F(Memory, ReadOnlyClearsDirtySinceSixSix) {
    EXPECT_EQ(call("set_memory_ro", 1024, 1, "6.1"), SetOutcome::done);
    EXPECT_TRUE(leaf(1024).has(Pte::kDirty));
    EXPECT_EQ(call("set_memory_ro", 1025, 1, "6.12"), SetOutcome::done);
    EXPECT_FALSE(leaf(1025).has(Pte::kDirty));
}
TEST_F(Memory, FunctionsOfLaterKernelsAreUnknownToEarlierOnes) {
    EXPECT_EQ(find_set_memory_function("set_memory_rox", "6.1"), nullptr);
    EXPECT_EQ(find_set_memory_function("set_memory_p", "6.1"), nullptr);
    EXPECT_NE(find_set_memory_function("set_memory_rox", "6.12"), nullptr);
    EXPECT_EQ(find_set_memory_function("set_memory_rx", "6.12"), nullptr);
}
TEST_F(Memory, AChangeThatFailsHalfWayFlushesEverythingAndStays) {
    node.kernel.tables.fail_only(0);
    const Counts before = counts();
    EXPECT_EQ(call("set_memory_ro", 1024, 512 + 1), SetOutcome::no_memory);
    EXPECT_EQ(counts().full, before.full + 1);
    EXPECT_EQ(counts().flush_tlb_all, before.flush_tlb_all);
    EXPECT_FALSE(leaf(1024).has(Pte::kWritable));
    EXPECT_TRUE(leaf(1536).has(Pte::kWritable));
}
TEST_F(Memory, AKeyChangeIsALeafChangeLikeAnyOther) {
    const auto outcome =
        node.kernel.direct_map.change(node.cpu(), {after(kFirstGiant, 1030), PageCount{2}}, LeafChange::key(3));
    EXPECT_EQ(outcome, DirectMap::Outcome::done);
    EXPECT_EQ(leaf(1031).key(), 3U);
    EXPECT_EQ(leaf(1032).key(), 0U);
    EXPECT_TRUE(leaf(1031).has(Pte::kGlobal));
}

}  // namespace
}  // namespace splinter::alloc
