// Changes of the direct map, checked by walking the tables that were written. Counts: /proc/vmstat of real kernels, the table
// "Direct-map operations" of the recorded data.
#include "alloc/map/direct_map.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

using x86::PageSize;
using x86::Pte;
using MapOutcome = DirectMap::Outcome;

constexpr PageCount kOne{1};

struct Map : ::testing::Test {
    RecordedKernel node{kTablePages, "none", 2};
    MapOutcome set(PfnRange range, Mapping mapping) { return node.kernel.direct_map.set_mapping(node.cpu(), range, mapping); }
    MapOutcome unmap(std::uint64_t offset, std::uint64_t pages) {
        return set({after(kFirstGiant, offset), PageCount{pages}}, Mapping::unmapped);
    }
    MapOutcome map(std::uint64_t offset, std::uint64_t pages) {
        return set({after(kFirstGiant, offset), PageCount{pages}}, Mapping::mapped);
    }
    x86::Translation at(std::uint64_t offset) { return node.memory.translate(after(kFirstGiant, offset)).value(); }
    // The entry that maps a page, of any level.
    Pte leaf(std::uint64_t offset) {
        const VirtAddr va = layout::direct_map(after(kFirstGiant, offset));
        Pfn table = node.memory.root();
        for (x86::Level level = x86::kPml4e;; level = level.below()) {
            const Pte entry = node.memory.contents().load(base_of(table) + level.index(va) * 8);
            if (entry.is_leaf(level) || !entry.present()) return entry;
            table = entry.next_table();
        }
    }
    void TearDown() override { node.machine.check_quiet(); }
};

TEST_F(Map, SplitsKeepEveryOtherTranslationAndItsRights) {
    const x86::Rights before = at(0).rights;
    ASSERT_EQ(unmap(5 * 512 + 7, 1), MapOutcome::done);
    for (std::uint64_t i = 0; i < 2 * kGiantPages.raw(); ++i) {
        const auto found = node.memory.translate(after(kFirstGiant, i));
        if (i == 5 * 512 + 7) {
            ASSERT_FALSE(found.has_value());
            continue;
        }
        ASSERT_TRUE(found.has_value()) << i;
        ASSERT_EQ(found->frame + PageCount{i & (x86::leaf_level(found->size).pages().raw() - 1)}, after(kFirstGiant, i));
        ASSERT_EQ(found->rights, before) << i;
    }
}

TEST_F(Map, ASplitMakesTheSmallestLeavesOnlyWhereTheyAreNeeded) {
    ASSERT_EQ(unmap(5 * 512 + 7, 1), MapOutcome::done);
    EXPECT_EQ(at(5 * 512).size, PageSize::k4);
    EXPECT_EQ(at(6 * 512).size, PageSize::m2);
    EXPECT_EQ(at(kGiantPages.raw()).size, PageSize::g1);
}

TEST_F(Map, SplitLeavesInheritFlagsAndOnlyLargeOnesHaveThePageSizeBit) {
    const std::uint64_t flags = leaf(0).flags() & ~Pte::kPageSizeBit;
    EXPECT_EQ(flags, kKernelLeaf);
    ASSERT_EQ(unmap(7, 1), MapOutcome::done);
    EXPECT_EQ(leaf(8).flags(), kKernelLeaf);
    EXPECT_EQ(leaf(512).flags(), kKernelLeaf | Pte::kPageSizeBit);
}

TEST_F(Map, AWholeLeafIsNotSplit) {
    ASSERT_EQ(unmap(0, kGiantPages.raw()), MapOutcome::done);
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level3_splits), 0U);
    EXPECT_FALSE(leaf(0).present());
    EXPECT_FALSE(leaf(0).has(Pte::kPageSizeBit));
    ASSERT_EQ(map(0, kGiantPages.raw()), MapOutcome::done);
    EXPECT_EQ(at(12345).size, PageSize::g1);
}

TEST_F(Map, ARangeOverSeveralLeavesChangesExactlyItself) {
    ASSERT_EQ(unmap(500, 512 + 24), MapOutcome::done);  // the end of one 2 MiB leaf, a whole one, the start of a third
    EXPECT_TRUE(node.memory.mapped(after(kFirstGiant, 499)));
    for (std::uint64_t i = 500; i < 500 + 536; ++i) EXPECT_FALSE(node.memory.mapped(after(kFirstGiant, i))) << i;
    EXPECT_TRUE(node.memory.mapped(after(kFirstGiant, 1036)));
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level2_splits), 2U);
}

TEST_F(Map, TheGlobalBitIsLostForGood) {  // recorded: flags 0x103 become 0x003
    ASSERT_EQ(unmap(7, 1), MapOutcome::done);
    EXPECT_FALSE(leaf(7).has(Pte::kGlobal));
    ASSERT_EQ(map(7, 1), MapOutcome::done);
    EXPECT_EQ(leaf(7).flags(), kKernelLeaf & ~(Pte::kGlobal | Pte::kDirty));
    EXPECT_TRUE(leaf(6).has(Pte::kGlobal));
}

TEST_F(Map, MappingWhatIsMappedChangesNothing) {
    node.log().clear();
    ASSERT_EQ(map(7, 1), MapOutcome::done);
    EXPECT_EQ(node.log().count(Call::Kind::stored), 0U);
    EXPECT_EQ(at(7).size, PageSize::g1);
    EXPECT_TRUE(leaf(7).has(Pte::kGlobal));
}

TEST_F(Map, SplitsAreNeverUndone) {
    ASSERT_EQ(unmap(7, 1), MapOutcome::done);
    ASSERT_EQ(map(0, kGiantPages.raw()), MapOutcome::done);
    EXPECT_EQ(at(7).size, PageSize::k4);
    EXPECT_EQ(node.kernel.tables.given().size(), 2U);
}

TEST_F(Map, ASplitIsFlushedUnderBothLocksAndItsPageIsAllocatedUnderNone) {
    ASSERT_EQ(unmap(0, 512), MapOutcome::done);  // 1 GiB to 2 MiB
    EXPECT_EQ(node.log().story("lock unlock fill icr all wait"),
              "lock-cpa unlock-cpa lock-zone0 unlock-zone0 lock-cpa lock-pgd fill icr1 all 1:all wait unlock-pgd unlock-cpa");
}

TEST_F(Map, WithoutAPageForTheSplitThePagesBeforeTheLeafHaveChanged) {
    ASSERT_EQ(unmap(0, 512), MapOutcome::done);  // [0, 1 GiB) has 2 MiB leaves now
    ASSERT_EQ(map(0, 512), MapOutcome::done);
    node.kernel.tables.fail_after(0, 1);
    EXPECT_EQ(unmap(0, 512 + 1), MapOutcome::no_memory);
    EXPECT_FALSE(node.memory.mapped(kFirstGiant));
    EXPECT_TRUE(node.memory.mapped(after(kFirstGiant, 512)));
}

TEST_F(Map, CpaLockIsTakenForEachLeaf) {
    ASSERT_EQ(unmap(0, 512), MapOutcome::done);  // [1 GiB, 2 GiB) has 2 MiB leaves now
    node.log().clear();
    ASSERT_EQ(unmap(512, 3 * 512), MapOutcome::done);
    EXPECT_EQ(node.log().story("lock unlock"), "lock-cpa unlock-cpa lock-cpa unlock-cpa lock-cpa unlock-cpa");
}

TEST_F(Map, FramesThatItDoesNotHaveArePassedOver) {
    const Pfn nowhere{std::uint64_t{600} << 18};  // beyond all memory, in another table of the top level
    ASSERT_EQ(set({nowhere, PageCount{3}}, Mapping::unmapped), MapOutcome::done);
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level3_splits), 0U);
}

TEST_F(Map, ARangeFlushHasNoStrideUnlessItIsChosen) {
    ASSERT_EQ(unmap(0, 512), MapOutcome::done);
    node.log().clear();
    node.kernel.direct_map.flush(node.cpu(), {after(kFirstGiant, 0), PageCount{512}});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 all 1:all wait");
}

TEST_F(Map, WithAStrideLargeLeavesAreFlushedByOneInvlpgEach) {
    node.kernel.direct_map.set_flush_stride(FlushStride::leaf);
    ASSERT_EQ(unmap(0, 33 * 512), MapOutcome::done);
    node.log().clear();
    node.kernel.direct_map.flush(node.cpu(), {kFirstGiant, PageCount{33 * 512}});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 page*33 1:page*33 wait");
    EXPECT_EQ(node.log().values(Call::Kind::flushed_page)[1], layout::direct_map(after(kFirstGiant, 512)).raw());
    node.log().clear();
    node.kernel.direct_map.flush(node.cpu(), {kFirstGiant, PageCount{34 * 512}});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 all 1:all wait");
}

TEST_F(Map, WithAStrideOneSmallLeafMakesTheWholeRangeCountByPages) {
    node.kernel.direct_map.set_flush_stride(FlushStride::leaf);
    ASSERT_EQ(unmap(512 + 7, 1), MapOutcome::done);
    node.log().clear();
    node.kernel.direct_map.flush(node.cpu(), {kFirstGiant, PageCount{2 * 512}});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 all 1:all wait");
    node.log().clear();
    node.kernel.direct_map.flush(node.cpu(), {after(kFirstGiant, 512), PageCount{33}});
    EXPECT_EQ(node.log().story("icr page all wait"), "icr1 page*33 1:page*33 wait");
}

// Lets another CPU split the same leaf while this one allocates its page-table page with cpa_lock dropped.
class RacingPages : public PageTablePages {
  public:
    RacingPages(PageAllocator& pages, std::function<void()> race) : plain_{pages}, race_{std::move(race)} {}
    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override {
        if (race_) std::exchange(race_, nullptr)();
        return plain_.allocate(cpu, use);
    }
    void release(Cpu& cpu, Pfn table) override {
        ++released;
        plain_.release(cpu, table);
    }
    int released = 0;

  private:
    PlainPageTablePages plain_;
    std::function<void()> race_;
};

TEST_F(Map, ATableThatAnotherCpuMadeUnnecessaryIsGivenBack) {
    DirectMap* racing_map = nullptr;
    RacingPages tables{node.kernel.pages, [&] {
                           const auto outcome =
                               racing_map->set_mapping(node.cpu(1), {after(kFirstGiant, 512), kLargePages}, Mapping::unmapped);
                           ASSERT_EQ(outcome, MapOutcome::done);
                       }};
    DirectMap map{node.memory.root(), tables, node.kernel.keys, node.kernel.flush, 2};
    racing_map = &map;
    ASSERT_EQ(map.set_mapping(node.cpu(0), {kFirstGiant, kLargePages}, Mapping::unmapped), MapOutcome::done);
    EXPECT_EQ(tables.released, 1);
    EXPECT_EQ(map.counters(CpuId{0U}).direct_map_level3_splits + map.counters(CpuId{1U}).direct_map_level3_splits, 1U);
    EXPECT_FALSE(node.memory.mapped(kFirstGiant));
    EXPECT_FALSE(node.memory.mapped(after(kFirstGiant, 512)));
    EXPECT_TRUE(node.memory.mapped(after(kFirstGiant, 1024)));
}

// --- counts against real kernels ---

enum class Prepared : std::uint8_t { giant_leaf, large_leaves, small_leaves };
enum class FlushWhen : std::uint8_t { after_each, at_the_end };

struct RecordedOperation {
    const char* name;
    Prepared prepared;
    std::uint64_t offset, calls, pages_per_call, step;
    FlushWhen flush;
    std::uint64_t level3, level2, full, ranged;  // broadcasts
};

// "512 pages" of set_direct_map_* are 512 calls of one page; set_memory_np is one call. The vm_unmap_aliases() broadcast of
// set_memory_* is not in these counts.
constexpr RecordedOperation kRecorded[] = {
    {"OnePageInsideAGiantLeaf", Prepared::giant_leaf, 7, 1, 1, 1, FlushWhen::after_each, 1, 1, 2, 1},
    {"FreshLargeLeafFlushEach", Prepared::large_leaves, 0, 512, 1, 1, FlushWhen::after_each, 0, 1, 1, 512},
    {"FreshLargeLeafFlushOnce", Prepared::large_leaves, 0, 512, 1, 1, FlushWhen::at_the_end, 0, 1, 2, 0},
    {"OneInEachOf64LargeLeaves", Prepared::large_leaves, 0, 64, 1, 512, FlushWhen::after_each, 0, 64, 64, 64},
    {"SmallPages32", Prepared::small_leaves, 0, 32, 1, 1, FlushWhen::at_the_end, 0, 0, 0, 1},
    {"SmallPages33", Prepared::small_leaves, 0, 33, 1, 1, FlushWhen::at_the_end, 0, 0, 0, 1},
    {"SmallPages34", Prepared::small_leaves, 0, 34, 1, 1, FlushWhen::at_the_end, 0, 0, 1, 0},
    {"NotPresentWholeLargeLeaf", Prepared::large_leaves, 0, 1, 512, 512, FlushWhen::after_each, 0, 0, 1, 0},
    {"NotPresent512InAGiantLeaf", Prepared::giant_leaf, 0, 1, 512, 512, FlushWhen::after_each, 1, 0, 2, 0},
    {"NotPresent1024MisalignedByOne", Prepared::large_leaves, 1, 1, 1024, 1024, FlushWhen::after_each, 0, 2, 3, 0},
    {"NotPresentWholeGiantLeaf", Prepared::giant_leaf, 0, 1, 512 * 512, 512 * 512, FlushWhen::after_each, 0, 0, 1, 0},
};

struct RecordedCounts : Map, ::testing::WithParamInterface<RecordedOperation> {
    // Local flushes of CPU 0: every broadcast executes on every CPU.
    KernelCounters counts() { return node.kernel.counters(CpuId{0U}); }
    void flush(std::uint64_t offset, std::uint64_t pages) {
        const std::uint64_t before = counts().nr_tlb_local_flush_one;
        node.kernel.flush.kernel_range(node.cpu(), layout::direct_map(after(kFirstGiant, offset)), PageCount{pages});
        if (counts().nr_tlb_local_flush_one > before) ++ranged;
    }
    void prepare(Prepared prepared) {
        if (prepared == Prepared::giant_leaf) return;
        ASSERT_EQ(unmap(100 * 512, 512), MapOutcome::done);  // elsewhere in the GiB: 2 MiB leaves
        if (prepared == Prepared::large_leaves) return;
        ASSERT_EQ(unmap(100, 1), MapOutcome::done);
    }
    void change(const RecordedOperation& op, Mapping mapping) {
        for (std::uint64_t i = 0; i < op.calls; ++i) {
            const std::uint64_t offset = op.offset + i * op.step;
            ASSERT_EQ(set({after(kFirstGiant, offset), PageCount{op.pages_per_call}}, mapping), MapOutcome::done);
            if (op.flush == FlushWhen::after_each && mapping == Mapping::unmapped) flush(offset, op.pages_per_call);
        }
        if (op.flush == FlushWhen::at_the_end && mapping == Mapping::unmapped) flush(op.offset, op.calls * op.step);
    }
    std::uint64_t ranged = 0;
};

TEST_P(RecordedCounts, EqualTheRealKernels) {
    const RecordedOperation& op = GetParam();
    prepare(op.prepared);
    const KernelCounters before = counts();
    change(op, Mapping::unmapped);
    EXPECT_EQ(counts().direct_map_level3_splits - before.direct_map_level3_splits, op.level3);
    EXPECT_EQ(counts().direct_map_level2_splits - before.direct_map_level2_splits, op.level2);
    EXPECT_EQ(counts().kernel_flushes_all - before.kernel_flushes_all, op.full);
    EXPECT_EQ(ranged, op.ranged);
}

TEST_P(RecordedCounts, RestoringNeitherSplitsNorFlushes) {
    const RecordedOperation& op = GetParam();
    prepare(op.prepared);
    change(op, Mapping::unmapped);
    const KernelCounters before = counts();
    change(op, Mapping::mapped);
    EXPECT_EQ(counts().direct_map_level3_splits, before.direct_map_level3_splits);
    EXPECT_EQ(counts().direct_map_level2_splits, before.direct_map_level2_splits);
    EXPECT_EQ(counts().cross_calls, before.cross_calls);
    for (std::uint64_t i = 0; i < op.calls * op.step; ++i)
        ASSERT_TRUE(node.memory.mapped(after(kFirstGiant, op.offset + i))) << i;
}

INSTANTIATE_TEST_SUITE_P(DirectMap, RecordedCounts, ::testing::ValuesIn(kRecorded),
                         [](const auto& row) { return std::string{row.param.name}; });

}  // namespace
}  // namespace splinter::alloc
