// Flips of pageblocks between mapped and unmapped, as the series does them by default: Flips with the strategy `freetype`.
#include <gtest/gtest.h>

#include "tests/alloc/flip_kernels.h"

namespace splinter::alloc {
namespace {

struct Flip : ::testing::Test {
    RecordedKernel node{kInLargeLeaves, "freetype", 2};
    PageAllocator& pages = node.kernel.pages;
    std::optional<Pfn> take(const AllocRequest& request) { return pages.alloc_pages(node.cpu(), request); }
    void TearDown() override { node.machine.check_quiet(); }
};

TEST_F(Flip, TheFirstUnmappedRequestFlipsAWholePageblockAndQueuesTheRest) {
    const Pfn page = take(kUnmappedPage).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    EXPECT_EQ(node.zone().pageblock_freetype(page), kUnmovableUnmapped);
    for (unsigned order = 0; order < 9; ++order)
        EXPECT_EQ(blocks_of(node.zone(), Order{order}, kUnmovableUnmapped),
                  (std::vector{after(page, std::uint64_t{1} << order)}));
    EXPECT_EQ(pages.unmapped_free_pages(), PageCount{511});
    EXPECT_EQ(pages.free_pages(node.zone()), kInLargeLeaves.count - PageCount{1});
    for (std::uint64_t i = 0; i < 512; ++i) EXPECT_FALSE(node.memory.mapped(after(page, i))) << i;
    EXPECT_TRUE(node.memory.mapped(page + kPageblock));
}

TEST_F(Flip, ZoneLocksAreTakenFourTimesAndNoneIsHeldWhilePagesAreUnmappedAndFlushed) {
    take(kUnmappedPage);  // bulk, buddy, take the block; page tables and flush; put the rest
    EXPECT_EQ(node.log().story("lock unlock icr wait narrowed"),
              "lock-zone0 unlock-zone0 lock-zone0 unlock-zone0 lock-zone0 unlock-zone0 lock-cpa unlock-cpa narrowed icr1 wait "
              "lock-zone0 unlock-zone0");
}

TEST_F(Flip, AnUnmappedRequestTakesFromUnmappedBlocksFirst) {
    const Pfn first = take(kUnmappedPage).value();
    node.log().clear();
    const Pfn second = take(kUnmappedPage).value();
    EXPECT_EQ(second, after(first, 1));
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    EXPECT_EQ(node.log().story("icr page all lock"), "lock-zone0");  // the refill that the first request left to the second
}

TEST_F(Flip, ARefillOfThePerCpuListNeverFlips) {
    for (int i = 0; i < 512; ++i) take(kUnmappedPage);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    EXPECT_EQ(pages.unmapped_free_pages(), PageCount{0});
    take(kUnmappedPage);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 2U);
}

TEST_F(Flip, FreeingAnUnmappedPageTouchesNoPageTableAndFlushesNothing) {
    const Pfn page = take(kUnmappedPage).value();
    node.log().clear();
    pages.free_pages(node.cpu(), page, Order{0U});
    EXPECT_EQ(node.log().count(Call::Kind::stored), 0U);
    EXPECT_EQ(node.log().count(Call::Kind::sent_interrupts), 0U);
    EXPECT_FALSE(node.memory.mapped(page));
    EXPECT_EQ(pages.pcp(node.zone(), CpuId{0U}).unmapped_count(), PageCount{1});
}

TEST_F(Flip, ARequestAbovePageblockOrderFlipsAllItsPageblocks) {
    const Pfn block = take(block_of(10, kUnmovableUnmapped)).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    for (Pfn at : {block, block + kPageblock}) {
        EXPECT_EQ(node.zone().pageblock_freetype(at), kUnmovableUnmapped);
        EXPECT_FALSE(node.memory.mapped(at));
    }
    EXPECT_EQ(pages.unmapped_free_pages(), PageCount{0});
}

TEST_F(Flip, ARequestThatMayNotBlockNeverFlips) {
    EXPECT_FALSE(take(block_of(0, kUnmovableUnmapped, Blocking::may_not_block)).has_value());
    EXPECT_EQ(node.log().count(Call::Kind::sent_interrupts), 0U);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
    EXPECT_EQ(node.counted(&KernelCounters::failed_allocations), 1U);
    take(kUnmappedPage);
    EXPECT_TRUE(take(block_of(0, kUnmovableUnmapped, Blocking::may_not_block)).has_value());
}

TEST_F(Flip, AMappedRequestThatMayNotBlockDoesNotFlipEither) {
    for (int i = 0; i < 4; ++i) pages.free_pages(node.cpu(), take(block_of(9, kUnmovableUnmapped)).value(), Order{9U});
    while (take(block_of(9, kUnmovable, Blocking::may_not_block))) {
    }
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 0U);
}

TEST_F(Flip, OnlyUnmovablePagesCanBeUnmapped) {
    EXPECT_FALSE(take(block_of(0, {Migratetype::movable, Mapping::unmapped})).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
}

// Makes all memory unmapped and free.
void unmap_all(Flip& flip, RecordedKernel& node) {
    std::vector<Pfn> blocks;
    for (int i = 0; i < 2; ++i) blocks.push_back(flip.take(block_of(10, kUnmovableUnmapped)).value());
    for (Pfn block : blocks) flip.pages.free_pages(node.cpu(), block, kMaxOrder);
    node.log().clear();
}

TEST_F(Flip, AnUnmovableMappedRequestTakesAWholeUnmappedBlockBackWithoutAFlush) {
    unmap_all(*this, node);
    const Pfn page = take(block_of(0, kUnmovable)).value();
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 1U);
    EXPECT_EQ(node.log().story("widened clear icr page all narrowed"), "widened clear*512");
    EXPECT_EQ(node.zone().pageblock_freetype(page), kUnmovable);
    for (std::uint64_t i = 0; i < 512; ++i) EXPECT_TRUE(node.memory.mapped(after(page, i))) << i;
    EXPECT_EQ(pages.unmapped_free_pages(), kInLargeLeaves.count - kPageblock);
}

TEST_F(Flip, AMovableRequestCannotTakeUnmappedBlocksBack) {  // MOVABLE|UNMAPPED has no list [late]
    unmap_all(*this, node);
    EXPECT_FALSE(take(block_of(0, kMovable)).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 0U);
}

TEST_F(Flip, AnUnmappedBlockThatIsPartlyInUseIsNotTakenBack) {
    std::vector<Pfn> kept;
    for (int i = 0; i < 4; ++i) {
        const Pfn block = take(block_of(8, kUnmovableUnmapped)).value();
        (void)take(block_of(8, kUnmovableUnmapped)).value();
        kept.push_back(block);
    }
    for (Pfn block : kept) pages.free_pages(node.cpu(), block, Order{8U});
    EXPECT_EQ(pages.unmapped_free_pages(), PageCount{4 * 256});
    EXPECT_FALSE(take(block_of(0, kUnmovable)).has_value());
}

TEST_F(Flip, FallbacksOfMappedTypesComeBeforeATakingBack) {
    (void)take(kUnmappedPage);
    EXPECT_TRUE(take(block_of(0, kUnmovable)).has_value());  // claimed from the movable blocks
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 0U);
}

struct FlipInGiantLeaf : ::testing::Test {
    RecordedKernel node{kInGiantLeaf, "freetype", 2};
    PageAllocator& pages = node.kernel.pages;
};

TEST_F(FlipInGiantLeaf, TheSplitTakesOneMappedPage) {
    const Pfn page = pages.alloc_pages(node.cpu(), kUnmappedPage).value();
    ASSERT_EQ(node.kernel.tables.given().size(), 1U);
    const Pfn table = *node.kernel.tables.given().begin();
    EXPECT_TRUE(node.memory.mapped(table));
    EXPECT_EQ(node.zone().pageblock_freetype(table).mapping(), Mapping::mapped);
    EXPECT_FALSE(node.memory.mapped(page));
}

TEST_F(FlipInGiantLeaf, WithoutAPageTablePageTheBlockGoesHomeUnderItsOldFreetype) {
    node.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(pages.alloc_pages(node.cpu(), kUnmappedPage).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::flips_rolled_back), 7U);  // the fast path, and each turn of the slow path
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 0U);
    EXPECT_EQ(node.counted(&KernelCounters::failed_allocations), 1U);
    EXPECT_EQ(pages.free_pages(node.zone()), kInGiantLeaf.count);
    EXPECT_EQ(pages.unmapped_free_pages(), PageCount{0});
    for (Pfn at = kInGiantLeaf.first; at < kInGiantLeaf.end(); at += kPageblock) {
        EXPECT_EQ(node.zone().pageblock_freetype(at).mapping(), Mapping::mapped);
        EXPECT_TRUE(node.memory.mapped(at));
    }
    EXPECT_EQ(node.log().count(Call::Kind::narrowed), 0U);
    node.machine.check_quiet();
}

TEST_F(FlipInGiantLeaf, AfterARollBackTheNextRequestSucceeds) {
    node.kernel.tables.fail_after(0, 1);
    (void)pages.alloc_pages(node.cpu(), kUnmappedPage);
    node.kernel.tables.fail_after(1, 0);
    EXPECT_TRUE(pages.alloc_pages(node.cpu(), kUnmappedPage).has_value());
}

}  // namespace
}  // namespace splinter::alloc
