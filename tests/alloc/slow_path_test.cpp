// The allocator below its low watermark: which marks hold for whom, what is drained, and its NUMA zonelists.
#include "alloc/buddy/slow_path.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

const KernelParams kSmallLists{.pcp_batch = 8, .pcp_high = 40, .pcp_high_max = 40};

auto one_zone(std::uint64_t min, std::uint64_t low) {
    return [=](FrameTable& frames) {
        ZoneLayout layout = zone_layout(kOneBlock);
        layout.watermark_min = PageCount{min};
        layout.watermark_low = PageCount{low};
        std::vector<Zone> zones;
        zones.push_back(free_zone(std::move(layout), frames));
        return zones;
    };
}

AllocRequest page(Blocking blocking, Reserves reserves) { return {Order{0U}, kMovable, blocking, {}, Contents::any, reserves}; }

TEST(SlowPath, BeginsAtTheLowMarkAndEndsAtTheMinimum) {
    RecordedKernel node{one_zone(24, 100), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(node, page(Blocking::may_block, Reserves::untouched)), 1024U - 24);
    EXPECT_EQ(node.counted(&KernelCounters::slow_paths), 100U - 24 + 1);  // from 100 free pages on, and the one that failed
    EXPECT_EQ(node.counted(&KernelCounters::failed_allocations), 1U);
}

TEST(SlowPath, GoesAsFarIntoTheReservesAsTheRequestMay) {
    const auto left = [](Blocking blocking, Reserves reserves) {
        RecordedKernel node{one_zone(80, 100), "none", 1, kOneByOne};
        return 1024 - pages_until_refused(node, page(blocking, reserves));
    };
    EXPECT_EQ(left(Blocking::may_block, Reserves::untouched), 80U);
    EXPECT_EQ(left(Blocking::may_not_block, Reserves::untouched), 80U);
    EXPECT_EQ(left(Blocking::may_block, Reserves::may_use), 40U);
    EXPECT_EQ(left(Blocking::may_not_block, Reserves::may_use), 30U);
}

// A CPU whose list holds pages is refused all the same: the kernel looks at the watermark first.
TEST(SlowPath, AFullListDoesNotHelpAZoneAtItsMark) {
    RecordedKernel node{one_zone(0, 0), "none", 1, kSmallLists};
    const AllocRequest atomic = page(Blocking::may_not_block, Reserves::untouched);
    ASSERT_TRUE(node.kernel.pages.alloc_pages(node.cpu(), atomic));
    while (node.zone().free_pages() > PageCount{0}) {
        const PageCount before = node.zone().free_pages();
        ASSERT_TRUE(node.kernel.pages.alloc_pages(node.cpu(), atomic)) << before.raw();
    }
    EXPECT_GT(node.kernel.pages.pcp(node.zone(), CpuId{0U}).count(), PageCount{0});
    EXPECT_FALSE(node.kernel.pages.alloc_pages(node.cpu(), atomic));
}

TEST(SlowPath, DrainsAllCpusListsBeforeARequestFails) {
    RecordedKernel node{one_zone(0, 0), "none", 2, kSmallLists};
    ASSERT_TRUE(node.kernel.pages.alloc_pages(node.cpu(1), page(Blocking::may_block, Reserves::untouched)));
    ASSERT_EQ(node.kernel.pages.pcp(node.zone(), CpuId{1U}).count(), PageCount{7});
    EXPECT_EQ(pages_until_refused(node, page(Blocking::may_block, Reserves::untouched)), 1023U);
    EXPECT_EQ(node.kernel.pages.pcp(node.zone(), CpuId{1U}).count(), PageCount{0});
}

TEST(SlowPath, DrainsNothingForARequestThatMayNotBlock) {
    RecordedKernel node{one_zone(0, 0), "none", 2, kSmallLists};
    ASSERT_TRUE(node.kernel.pages.alloc_pages(node.cpu(1), page(Blocking::may_block, Reserves::untouched)));
    pages_until_refused(node, page(Blocking::may_not_block, Reserves::untouched));
    EXPECT_EQ(node.kernel.pages.pcp(node.zone(), CpuId{1U}).count(), PageCount{7});
}

TEST(Drains, GiveBackAtMostALongBatchForEachLock) {  // drain_pages_zone()
    RecordedKernel node{{kFirstGiant, times(kLargestBlock, 2)},
                        "none",
                        1,
                        KernelParams{.pcp_batch = 8, .pcp_high = 1000, .pcp_high_max = 1000}};
    std::vector<Pfn> blocks;
    for (int i = 0; i < 300; ++i)
        blocks.push_back(node.kernel.pages.alloc_pages(node.cpu(), page(Blocking::may_block, Reserves::untouched)).value());
    for (Pfn block : blocks) node.kernel.pages.free_pages(node.cpu(), block, Order{0U});
    const PageCount held = node.kernel.pages.pcp(node.zone(), CpuId{0U}).count();
    ASSERT_GT(held, PageCount{256});
    ASSERT_LE(held, PageCount{512});
    node.log().clear();
    node.kernel.pages.drain_pages(node.cpu(), node.zone(), CpuId{0U});
    EXPECT_EQ(node.kernel.pages.pcp(node.zone(), CpuId{0U}).count(), PageCount{0});
    EXPECT_EQ(node.log().count(Call::Kind::locked), 2U);  // 8 << 5 pages, then the rest
}

// --- zonelists ---

Zone zone_of_node(FrameTable& frames, std::uint8_t index, std::uint8_t node, ZoneKind kind = ZoneKind::normal) {
    ZoneLayout layout = zone_layout({kFirstGiant + times(kLargestBlock, index), kLargestBlock}, ZoneIndex{index});
    layout.node = NodeId{node};
    layout.kind = kind;
    return free_zone(std::move(layout), frames);
}

TEST(Zonelists, BeginWithTheHighestZoneOfTheNodeAndGoOnWithTheNextNode) {
    TestMemory memory;
    std::vector<Zone> zones;
    for (const auto& [index, node] : {std::pair{0, 0}, {1, 0}, {2, 0}, {3, 1}})
        zones.push_back(zone_of_node(memory.frames(), static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(node)));
    EXPECT_EQ(build_zonelists(zones), (Zonelists{{2, 1, 0, 3}, {3, 2, 1, 0}}));
}

TEST(Zonelists, GoRoundTheNodesFromTheLocalOneUpwards) {  // find_next_best_node()
    TestMemory memory;
    std::vector<Zone> zones;
    for (std::uint8_t i = 0; i < 4; ++i) zones.push_back(zone_of_node(memory.frames(), i, i));
    EXPECT_EQ(build_zonelists(zones), (Zonelists{{0, 1, 2, 3}, {1, 2, 3, 0}, {2, 3, 0, 1}, {3, 0, 1, 2}}));
}

// Node 0: a lower zone and ZONE_NORMAL; node 1: ZONE_NORMAL alone.
auto two_nodes() {
    return [](FrameTable& frames) {
        std::vector<Zone> zones;
        zones.push_back(zone_of_node(frames, 0, 0, ZoneKind::dma32));
        zones.push_back(zone_of_node(frames, 1, 0));
        zones.push_back(zone_of_node(frames, 2, 1));
        return zones;
    };
}

struct TwoNodes : ::testing::Test {
    TwoNodes() { node.kernel.pages.set_cpu_nodes({NodeId{0}, NodeId{1}}); }
    std::size_t zone_of_next(std::uint32_t cpu, FreeType type = kMovable) {
        const Pfn block = node.kernel.pages.alloc_pages(node.cpu(cpu), {Order{4U}, type}).value();
        return node.kernel.pages.zone_of(block).layout().index.raw();
    }
    RecordedKernel node{two_nodes(), "none", 2, kOneByOne};
};

TEST_F(TwoNodes, EachCpuIsServedByItsOwnNodeFirst) {
    EXPECT_EQ(zone_of_next(0), 1U);
    EXPECT_EQ(zone_of_next(1), 2U);
}

TEST_F(TwoNodes, AnEmptyNodesCpusAreServedByTheOther) {
    for (int i = 0; i < 64; ++i) ASSERT_EQ(zone_of_next(1), 2U);
    EXPECT_EQ(zone_of_next(1), 1U);
}

TEST_F(TwoNodes, APageGoesBackToItsNode) {
    const Pfn block = node.kernel.pages.alloc_pages(node.cpu(1), {Order{4U}, kMovable}).value();
    node.kernel.pages.free_pages(node.cpu(0), block, Order{4U});
    EXPECT_EQ(node.zone(2).free_pages(), kLargestBlock);
}

// alloc_flags_nofragment(): "if (nr_online_nodes > 1 && !populated_zone(--zone))"
TEST_F(TwoNodes, ZoneNormalFragmentsAtOnceIfItsNodeHasNoLowerZone) {
    for (int i = 0; i < 63; ++i) ASSERT_EQ(zone_of_next(1), 2U);
    EXPECT_EQ(zone_of_next(1, kUnmovable), 2U);
}

TEST_F(TwoNodes, LocalMemoryFragmentsBeforeAnotherNodeServes) {
    for (int i = 0; i < 63; ++i) ASSERT_EQ(zone_of_next(0), 1U);
    EXPECT_EQ(zone_of_next(0, kUnmovable), 0U);  // a pageblock of the lower zone
    for (int i = 0; i < 63; ++i) ASSERT_EQ(zone_of_next(0, kUnmovable), 0U);
    EXPECT_EQ(zone_of_next(0, kUnmovable), 1U);
    EXPECT_EQ(zone_of_next(0, kUnmovable), 2U);
}

}  // namespace
}  // namespace splinter::alloc
