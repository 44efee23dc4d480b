#include "alloc/buddy/page_allocator.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

constexpr AllocRequest kMovablePage{Order{0U}, kMovable, Blocking::may_block, {}};

AllocRequest block_request(unsigned order, FreeType type = kMovable) { return {Order{order}, type, Blocking::may_block, {}}; }
AllocRequest in_zone(std::uint8_t index) { return {Order{0U}, kMovable, Blocking::may_block, ZoneIndex{index}}; }

struct Allocator : ::testing::Test {
    RecordedKernel node{kFourBlocks};
    PageAllocator& pages = node.kernel.pages;
    PerCpuPages& pcp(std::uint32_t cpu = 0) { return pages.pcp(node.zone(), CpuId{cpu}); }
    std::vector<Pfn> take(std::size_t n, const AllocRequest& request = kMovablePage) {
        std::vector<Pfn> blocks;
        for (std::size_t i = 0; i < n; ++i) blocks.push_back(pages.alloc_pages(node.cpu(), request).value());
        return blocks;
    }
    void TearDown() override { node.machine.check_quiet(); }
};

TEST_F(Allocator, AMissTakesABatchFromTheBuddyUnderOneLock) {
    take(1);
    EXPECT_EQ(pcp().count(), PageCount{62});
    EXPECT_EQ(node.zone().free_pages(), kFourBlocks.count - PageCount{63});
    EXPECT_EQ(node.log().story("lock unlock"), "lock-zone0 unlock-zone0");
}

TEST_F(Allocator, TheRestOfTheBatchNeedsNoLock) {
    take(1);
    node.log().clear();
    take(62);
    EXPECT_EQ(node.log().count(Call::Kind::locked), 0U);
    take(1);
    EXPECT_EQ(node.log().count(Call::Kind::locked), 1U);
}

TEST_F(Allocator, AHitCostsTheZoneThePerCpuListAndTheStructPage) {
    take(1);
    const Cycles before = node.cpu().now();
    take(1);
    EXPECT_EQ(node.cpu().now() - before, kFakeStep * 2 + kFakeLine);
}

TEST_F(Allocator, PagesOfABatchComeInTheBuddysOrder) {
    const auto blocks = take(63);
    for (std::uint64_t i = 0; i < 63; ++i) EXPECT_EQ(blocks[i], after(kFourBlocks.first, i)) << i;
}

TEST_F(Allocator, CpusHaveListsOfTheirOwn) {
    RecordedKernel two{kFourBlocks, "none", 2};
    const Pfn page = two.kernel.pages.alloc_pages(two.cpu(0), kMovablePage).value();
    two.kernel.pages.free_pages(two.cpu(1), page, Order{0U});
    EXPECT_EQ(two.kernel.pages.pcp(two.zone(), CpuId{0U}).count(), PageCount{62});
    EXPECT_EQ(two.kernel.pages.pcp(two.zone(), CpuId{1U}).count(), PageCount{1});
    EXPECT_EQ(two.kernel.pages.free_pages(two.zone()), kFourBlocks.count);
}

TEST(Drain, ListsThatReachTheirHighMarkGiveBackAsManyPagesAsWereFreedInARow) {  // 6.12
    RecordedKernel node{kFourBlocks, "none", 1, KernelParams{.pcp_batch = 63, .pcp_high = 504, .pcp_high_max = 504}};
    PageAllocator& pages = node.kernel.pages;
    const PerCpuPages& pcp = pages.pcp(node.zone(), CpuId{0U});
    std::vector<Pfn> blocks;
    for (int i = 0; i < 505; ++i) blocks.push_back(pages.alloc_pages(node.cpu(), kMovablePage).value());
    ASSERT_EQ(pcp.count(), PageCount{63 + 126 + 252 + 441 - 505});  // refills double up to high less a batch
    for (int i = 0; i < 126; ++i) pages.free_pages(node.cpu(), blocks[i], Order{0U});
    EXPECT_EQ(pcp.count(), PageCount{503});
    pages.free_pages(node.cpu(), blocks[126], Order{0U});
    EXPECT_EQ(pcp.count(), PageCount{504 - 127});
    EXPECT_EQ(pages.free_pages(node.zone()), kFourBlocks.count - PageCount{505 - 127});
}

TEST(Drain, Linux6_1GivesBackOneBatchTheFirstTimeAndTwoTheNext) {
    RecordedKernel node{[](FrameTable& frames) {
                            std::vector<Zone> zones;
                            zones.push_back(free_zone(zone_layout(kFourBlocks), frames, kLinux6_1));
                            return zones;
                        },
                        "none", 1, KernelParams{.pcp_batch = 63, .pcp_high = 504}};
    PageAllocator& pages = node.kernel.pages;
    const PerCpuPages& pcp = pages.pcp(node.zone(), CpuId{0U});
    std::vector<Pfn> blocks;
    for (int i = 0; i < 63 * 12; ++i) blocks.push_back(pages.alloc_pages(node.cpu(), kMovablePage).value());
    ASSERT_EQ(pcp.count(), PageCount{0});  // refills are one batch each
    for (int i = 0; i < 504; ++i) pages.free_pages(node.cpu(), blocks[i], Order{0U});
    EXPECT_EQ(pcp.count(), PageCount{504 - 63});
    for (int i = 504; i < 504 + 63; ++i) pages.free_pages(node.cpu(), blocks[i], Order{0U});
    EXPECT_EQ(pcp.count(), PageCount{504 - 126});
}

TEST_F(Allocator, AFreeWhoseListIsLockedGoesToTheBuddy) {
    const Pfn page = take(1).front();
    const PageCount listed = pcp().count();
    pages.free_to_buddy(node.cpu(), page, Order{0U});
    EXPECT_EQ(pcp().count(), listed);
    EXPECT_EQ(pages.free_pages(node.zone()), kFourBlocks.count);
}

TEST_F(Allocator, ABulkPageLeavesTheRunOfFreesAlone) {  // alloc_pages_bulk() does not halve free_count
    pages.free_pages(node.cpu(), take(1).front(), Order{0U});
    ASSERT_EQ(pcp().state().free_count, PageCount{1});
    EXPECT_TRUE(pages.alloc_bulk_page(node.cpu(), node.zone(), kMovable).has_value());
    EXPECT_EQ(pcp().state().free_count, PageCount{1});
    take(1);
    EXPECT_EQ(pcp().state().free_count, PageCount{0});
}

TEST_F(Allocator, DecayGivesBackWhatIsAboveTheSinkingLimit) {  // decay_pcp_high(): 6.12
    take(1);
    pcp().state().high_min = PageCount{8};
    pcp().state().high = PageCount{16};
    pages.decay(node.cpu(), node.zone());
    EXPECT_EQ(pcp().high(), PageCount{14});
    EXPECT_EQ(pcp().count(), PageCount{14});
}

TEST_F(Allocator, OrdersThatNoPerCpuListServesGoToTheBuddy) {
    const Pfn block = take(1, block_request(4)).front();
    EXPECT_EQ(pcp().count(), PageCount{0});
    EXPECT_EQ(node.zone().free_pages(), kFourBlocks.count - PageCount{16});
    pages.free_pages(node.cpu(), block, Order{4U});
    EXPECT_EQ(blocks_of(node.zone(), kMaxOrder, kMovable).size(), 4U);
}

TEST_F(Allocator, ALargestBlockIsFreedPageblockByPageblockUnderTheTypesTheyHaveThen) {
    const Pfn block = take(1, block_request(10)).front();
    node.zone().set_pageblock_migratetype(block, Migratetype::highatomic);  // does not merge with movable
    pages.free_pages(node.cpu(), block, kMaxOrder);
    EXPECT_EQ(blocks_of(node.zone(), Order{9U}, kMovable.with(Migratetype::highatomic)), (std::vector{block}));
    EXPECT_EQ(blocks_of(node.zone(), Order{9U}, kMovable), (std::vector{block + kPageblock}));
}

TEST_F(Allocator, PagesAreCountedNotBlocks) {
    const Pfn block = take(1, block_request(5)).front();
    pages.free_pages(node.cpu(), block, Order{5U});
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma32), 32U);
    EXPECT_EQ(node.counted(&KernelCounters::pgfree), 32U);
}

TEST_F(Allocator, AnAllocationThatFailsIsCountedAndTakesNothing) {
    take(4, block_request(10));
    EXPECT_FALSE(pages.alloc_pages(node.cpu(), kMovablePage).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::failed_allocations), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma32), kFourBlocks.count.raw());
}

TEST_F(Allocator, AFallbackIsCounted) {
    take(1, kUnmovablePage);
    EXPECT_EQ(node.counted(&KernelCounters::fallbacks), 1U);
}

TEST_F(Allocator, ADoubleFreeIsCaught) {
    const Pfn page = take(1).front();
    pages.free_pages(node.cpu(), page, Order{0U});
    EXPECT_THROW(pages.free_pages(node.cpu(), page, Order{0U}), InternalError);
}

TEST_F(Allocator, AFrameOfNoZoneIsCaught) { EXPECT_THROW((void)pages.zone_of(Pfn{0}), InternalError); }

TEST_F(Allocator, DecayCountsEachBatchByItself) {  // five pages in batches of four: each overshoots by a block of eight
    const auto blocks = take(2, block_request(3));
    PerCpuPages& lists = pcp();
    while (lists.count() > PageCount{0})
        (void)lists.pop(node.memory.frames(), PerCpuPages::list_index(Order{3U}, Migratetype::movable));
    for (Pfn block : blocks) pages.free_pages(node.cpu(), block, Order{3U});
    ASSERT_EQ(lists.count(), PageCount{16});
    lists.state().batch = PageCount{4};
    lists.state().high = lists.state().high_min = PageCount{11};
    pages.decay(node.cpu(), node.zone());
    EXPECT_EQ(lists.count(), PageCount{0});
}

// --- watermarks and zones ---

// Zone 0 of one largest block, zone 1 of one: `min` in both, zone 0 keeps `reserve` from requests that prefer zone 1.
auto two_zones(std::uint64_t min, std::uint64_t reserve) {
    return [=](FrameTable& frames) {
        std::vector<Zone> zones;
        for (std::uint8_t i = 0; i < 2; ++i) {
            ZoneLayout layout = zone_layout({kFirstGiant + times(kLargestBlock, i), kLargestBlock}, ZoneIndex{i});
            layout.watermark_min = PageCount{min};
            layout.lowmem_reserve = {0, i == 0 ? reserve : 0};
            zones.push_back(free_zone(std::move(layout), frames));
        }
        return zones;
    };
}

TEST(ZoneChoice, TheHighestZoneServesFirst) {
    RecordedKernel node{two_zones(0, 0), "none", 1, kOneByOne};
    EXPECT_EQ(node.kernel.pages.alloc_pages(node.cpu(), kMovablePage), kFirstGiant + kLargestBlock);
}

TEST(ZoneChoice, TheLowerZoneServesWhenTheHigherIsAtItsMark) {
    RecordedKernel node{two_zones(24, 0), "none", 1, kOneByOne};
    for (int i = 0; i < 1024 - 24; ++i)
        EXPECT_GE(*node.kernel.pages.alloc_pages(node.cpu(), kMovablePage), kFirstGiant + kLargestBlock);
    EXPECT_LT(*node.kernel.pages.alloc_pages(node.cpu(), kMovablePage), kFirstGiant + kLargestBlock);
    EXPECT_EQ(node.zone(1).free_pages(), PageCount{24});
}

TEST(ZoneChoice, ZonesKeepTheirMarkAndNotOnePageMore) {  // __zone_watermark_ok(): refused at free <= min + reserve
    RecordedKernel node{two_zones(24, 100), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(node, kMovablePage), 1024U - 24 + 1024 - 24 - 100);
    EXPECT_EQ(node.zone(0).free_pages(), PageCount{124});
    EXPECT_EQ(node.zone(1).free_pages(), PageCount{24});
}

TEST(ZoneChoice, AnOrderCountsAllItsPagesButOne) {  // free - ((1 << order) - 1) must be above the mark
    RecordedKernel fits{two_zones(1024 - 16, 0), "none", 1, kOneByOne};
    EXPECT_TRUE(fits.kernel.pages.alloc_pages(fits.cpu(), block_request(4)).has_value());
    RecordedKernel short_of_one{two_zones(1024 - 15, 0), "none", 1, kOneByOne};
    EXPECT_FALSE(short_of_one.kernel.pages.alloc_pages(short_of_one.cpu(), block_request(4)).has_value());
}

TEST(ZoneChoice, ARecordedAllocationStaysInItsZoneAndIgnoresMarks) {
    RecordedKernel node{two_zones(24, 1000), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(node, in_zone(0)), 1024U);
    EXPECT_EQ(node.zone(1).free_pages(), kLargestBlock);
}

// A lower zone with free memory, and a ZONE_NORMAL in which half a pageblock of another type is all there is.
auto fragmented_normal(ZoneKind kind) {
    return [=](FrameTable& frames) {
        std::vector<Zone> zones;
        zones.push_back(free_zone(zone_layout({kFirstGiant, kLargestBlock}), frames));
        ZoneLayout layout = zone_layout({kFirstGiant + kLargestBlock, kLargestBlock}, ZoneIndex{1});
        layout.kind = kind;
        zones.emplace_back(std::move(layout), frames)
            .add_free_block(kFirstGiant + kLargestBlock, Order{8U}, Migratetype::movable);
        return zones;
    };
}

TEST(ZoneChoice, ALowerZoneServesBeforeZoneNormalFragments) {  // ALLOC_NOFRAGMENT
    RecordedKernel node{fragmented_normal(ZoneKind::normal)};
    EXPECT_LT(*node.kernel.pages.alloc_pages(node.cpu(), kUnmovablePage), kFirstGiant + kLargestBlock);
    RecordedKernel other{fragmented_normal(ZoneKind::dma32)};
    EXPECT_EQ(*other.kernel.pages.alloc_pages(other.cpu(), kUnmovablePage), kFirstGiant + kLargestBlock);
}

TEST(ZoneChoice, ZoneNormalFragmentsBeforeAnAllocationFails) {
    RecordedKernel node{fragmented_normal(ZoneKind::normal)};
    AllocRequest request = kUnmovablePage;
    request.only_zone = ZoneIndex{1};
    EXPECT_EQ(*node.kernel.pages.alloc_pages(node.cpu(), request), kFirstGiant + kLargestBlock);
}

// One zone of each kind up to Normal, of one largest block each; DMA keeps memory from requests that may use more.
auto three_zones(std::vector<std::uint64_t> dma_reserve = {}) {
    return [=](FrameTable& frames) {
        std::vector<Zone> zones;
        for (std::uint8_t i = 0; i < 3; ++i) {
            ZoneLayout layout = zone_layout({kFirstGiant + times(kLargestBlock, i), kLargestBlock}, ZoneIndex{i});
            layout.kind = static_cast<ZoneKind>(i);
            if (i == 0) layout.lowmem_reserve = dma_reserve;
            zones.push_back(free_zone(std::move(layout), frames));
        }
        return zones;
    };
}

AllocRequest up_to(ZoneKind highest) {
    AllocRequest request = kMovablePage;
    request.highest_zone = highest;
    return request;
}

TEST(ZoneChoice, AZonelistBeginsAtTheHighestZoneOfTheRequestAndGoesOnBelow) {  // gfp_zone(): GFP_DMA32
    RecordedKernel node{three_zones(), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(node, up_to(ZoneKind::dma32)), 2 * kLargestBlock.raw());
    EXPECT_EQ(node.zone(2).free_pages(), kLargestBlock);
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma), kLargestBlock.raw());
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma32), kLargestBlock.raw());
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_normal), 0U);
}

TEST(ZoneChoice, AZoneKeepsWhatItReservesFromTheHighestZoneOfTheRequest) {
    RecordedKernel low{three_zones({0, 10, 30}), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(low, up_to(ZoneKind::dma32)), 2 * kLargestBlock.raw() - 10);
    RecordedKernel high{three_zones({0, 10, 30}), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(high, up_to(ZoneKind::normal)), 3 * kLargestBlock.raw() - 30);
    RecordedKernel own{three_zones({0, 10, 30}), "none", 1, kOneByOne};
    EXPECT_EQ(pages_until_refused(own, up_to(ZoneKind::dma)), kLargestBlock.raw());
}

TEST(ZoneChoice, BulkRequestsBeginAtTheirHighestZoneToo) {
    RecordedKernel node{three_zones({0, 1000, 1000}), "none", 1, kOneByOne};
    for (Pfn page : node.kernel.pages.alloc_pages_bulk(node.cpu(), up_to(ZoneKind::dma32), 8))
        EXPECT_TRUE(node.zone(1).contains(page));
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma32), 8U);
    EXPECT_EQ(node.kernel.pages.alloc_pages_bulk(node.cpu(), up_to(ZoneKind::dma), 8).size(), 8U);
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma), 8U);
}

TEST(ZoneChoice, ARequestBelowZoneNormalNeverAvoidsFragmenting) {  // alloc_flags_nofragment()
    RecordedKernel node{[](FrameTable& frames) {
        std::vector<Zone> zones = three_zones()(frames);
        ZoneLayout layout = zones[1].layout();
        zones.pop_back();
        zones.pop_back();
        zones.emplace_back(std::move(layout), frames)
            .add_free_block(kFirstGiant + kLargestBlock, Order{8U}, Migratetype::movable);
        return zones;
    }};
    AllocRequest request = kUnmovablePage;
    request.highest_zone = ZoneKind::dma32;
    EXPECT_EQ(*node.kernel.pages.alloc_pages(node.cpu(), request), kFirstGiant + kLargestBlock);
}

TEST(ZoneChoice, DirectReclaimIsCountedByTheHighestZoneOfTheRequest) {  // allocstall_*
    RecordedKernel node{three_zones(), "none", 1, kOneByOne};
    (void)pages_until_refused(node, up_to(ZoneKind::dma));
    EXPECT_EQ(node.counted(&KernelCounters::allocstall_dma), 1U);
    AllocRequest unmovable = up_to(ZoneKind::movable);
    unmovable.freetype = kUnmovable;
    (void)pages_until_refused(node, unmovable);
    EXPECT_EQ(node.counted(&KernelCounters::allocstall_normal), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::allocstall_dma), 1U);
}

TEST(ZoneChoice, AZoneAtItsHighWatermarkIsMarkedUntilADrainLiftsIt) {  // ZONE_BELOW_HIGH
    RecordedKernel node{[](FrameTable& frames) {
                            std::vector<Zone> zones;
                            ZoneLayout layout = zone_layout(kFourBlocks);
                            layout.watermark_high = kFourBlocks.count - PageCount{16};
                            zones.push_back(free_zone(std::move(layout), frames));
                            return zones;
                        },
                        "none", 1, kOneByOne};
    PageAllocator& pages = node.kernel.pages;
    const Pfn first = pages.alloc_pages(node.cpu(), block_request(4)).value();
    EXPECT_EQ(node.zone().fill(), ZoneFill::above_high);  // looked at before the block was taken
    const Pfn second = pages.alloc_pages(node.cpu(), kMovablePage).value();
    EXPECT_EQ(node.zone().fill(), ZoneFill::below_high);
    pages.free_pages(node.cpu(), first, Order{4U});
    EXPECT_EQ(node.zone().fill(), ZoneFill::below_high);  // only drains of per-CPU lists look
    pages.pcp(node.zone(), CpuId{0U}).state().high = PageCount{0};
    pages.pcp(node.zone(), CpuId{0U}).state().high_min = PageCount{0};
    pages.pcp(node.zone(), CpuId{0U}).state().high_max = PageCount{0};  // a list that holds nothing
    pages.free_pages(node.cpu(), second, Order{0U});
    EXPECT_EQ(node.zone().fill(), ZoneFill::above_high);
}

TEST(ZoneChoice, APageGoesBackToItsZone) {
    RecordedKernel node{two_zones(0, 0), "none", 1, kOneByOne};
    const Pfn low = node.kernel.pages.alloc_pages(node.cpu(), in_zone(0)).value();
    node.kernel.pages.free_pages(node.cpu(), low, Order{0U});
    EXPECT_EQ(node.kernel.pages.free_pages(node.zone(0)), kLargestBlock);  // one of them on a per-CPU list
}

}  // namespace
}  // namespace splinter::alloc
