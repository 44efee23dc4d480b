// Per-CPU lists that are locked when they are asked for: an interrupt's allocation or free, and the knob that makes it happen.
#include <gtest/gtest.h>

#include "tests/alloc/hooked_cpu.h"
#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

constexpr PfnRange kTwoBlocks{kFirstGiant, times(kLargestBlock, 2)};
constexpr AllocRequest kListedPage{Order{0U}, kMovable};

struct LockedLists : ::testing::Test {
    RecordedKernel node{kTwoBlocks};
    HookedCpu cpu{node.machine};
    PageAllocator& pages = node.kernel.pages;
    PerCpuPages& lists() { return pages.pcp(node.zone(), CpuId{0U}); }
    std::uint64_t failures() { return node.counted(&KernelCounters::pcp_trylock_failures); }
    void TearDown() override { node.machine.check_quiet(); }
};

TEST_F(LockedLists, AnInterruptsAllocationIsServedByTheBuddy) {
    (void)pages.alloc_pages(cpu, kListedPage);
    ASSERT_EQ(lists().count(), PageCount{62});
    const PageCount free = node.zone().free_pages();
    std::optional<Pfn> inner;
    cpu.interrupt_at(Step::pcp_alloc, [&](Cpu& self) { inner = pages.alloc_pages(self, kListedPage); });
    const auto outer = pages.alloc_pages(cpu, kListedPage);
    ASSERT_TRUE(inner && outer);
    EXPECT_NE(*inner, *outer);
    EXPECT_EQ(lists().count(), PageCount{61});
    EXPECT_EQ(node.zone().free_pages(), free - PageCount{1});
    EXPECT_EQ(failures(), 1U);
}

TEST_F(LockedLists, AnInterruptsFreeGoesToTheBuddy) {
    const Pfn page = pages.alloc_pages(cpu, kListedPage).value();
    const PageCount free = node.zone().free_pages();
    cpu.interrupt_at(Step::pcp_alloc, [&](Cpu& self) { pages.free_pages(self, page, Order{0U}); });
    (void)pages.alloc_pages(cpu, kListedPage);
    EXPECT_EQ(node.zone().free_pages(), free + PageCount{1});
    EXPECT_EQ(lists().count(), PageCount{61});
    EXPECT_EQ(failures(), 1U);
}

TEST_F(LockedLists, AnInterruptOutsideOfThemFindsThemFree) {
    cpu.interrupt_at(Step::zone_lookup, [&](Cpu& self) { (void)pages.alloc_pages(self, kListedPage); });
    (void)pages.alloc_pages(cpu, kListedPage);
    EXPECT_EQ(lists().count(), PageCount{61});
    EXPECT_EQ(failures(), 0U);
}

TEST_F(LockedLists, AnotherZonesListsAreNotLocked) {
    RecordedKernel two{[](FrameTable& frames) {
        std::vector<Zone> zones;
        for (std::uint8_t i = 0; i < 2; ++i)
            zones.push_back(
                free_zone(zone_layout({kFirstGiant + times(kLargestBlock, i), kLargestBlock}, ZoneIndex{i}), frames));
        return zones;
    }};
    HookedCpu on{two.machine};
    AllocRequest low = kListedPage;
    low.only_zone = ZoneIndex{0};
    on.interrupt_at(Step::pcp_alloc, [&](Cpu& self) { (void)two.kernel.pages.alloc_pages(self, low); });
    (void)two.kernel.pages.alloc_pages(on, kListedPage);
    EXPECT_EQ(two.kernel.pages.pcp(two.zone(0), CpuId{0U}).count(), PageCount{62});
    EXPECT_EQ(two.counted(&KernelCounters::pcp_trylock_failures), 0U);
}

TEST_F(LockedLists, AFailedTryIsNoAllocationFromTheLists) {  // pcp->free_count is halved under the lock only
    lists().state().free_count = PageCount{8};
    pages.configure({.pcp_trylock_fails = 1});
    (void)pages.alloc_pages(cpu, kListedPage);
    EXPECT_EQ(lists().state().free_count, PageCount{8});
    pages.configure({});
    (void)pages.alloc_pages(cpu, kListedPage);
    EXPECT_EQ(lists().state().free_count, PageCount{4});
}

TEST_F(LockedLists, EveryNthTryFailsOnDemand) {
    pages.configure({.pcp_trylock_fails = 3});
    for (int i = 0; i < 7; ++i) (void)pages.alloc_pages(cpu, kListedPage);
    EXPECT_EQ(failures(), 2U);
    EXPECT_EQ(lists().count(), PageCount{63 - 5});
}

TEST_F(LockedLists, BlocksThatNoListServesNeedNoLock) {
    pages.configure({.pcp_trylock_fails = 1});
    const Pfn block = pages.alloc_pages(cpu, {Order{5U}, kMovable}).value();
    pages.free_pages(cpu, block, Order{5U});
    EXPECT_EQ(failures(), 0U);
}

// --- many at once ---

TEST_F(LockedLists, ABulkAllocationTakesAllItsPagesUnderOneLock) {
    pages.configure({.pcp_trylock_fails = 2});
    const std::vector<Pfn> got = pages.alloc_pages_bulk(cpu, kListedPage, 100);
    EXPECT_EQ(got.size(), 100U);
    EXPECT_EQ(failures(), 0U);
    EXPECT_EQ(std::set<Pfn>(got.begin(), got.end()).size(), 100U);
    EXPECT_EQ(node.counted(&KernelCounters::pgalloc_dma32), 100U);
    EXPECT_EQ(node.log().count(Call::Kind::locked), 2U);  // refills of 63 and 126
}

TEST_F(LockedLists, ABulkAllocationThatFindsThemLockedIsASinglePage) {
    pages.configure({.pcp_trylock_fails = 1});
    EXPECT_EQ(pages.alloc_pages_bulk(cpu, kListedPage, 100).size(), 1U);
    EXPECT_EQ(failures(), 2U);  // and the single page's own
}

TEST(BulkAllocation, NeedsTheLowMarkAndAllItsPages) {
    const auto got = [](std::uint64_t low, std::uint64_t wanted) {
        RecordedKernel node{[low](FrameTable& frames) {
            ZoneLayout layout = zone_layout(kTwoBlocks);
            layout.watermark_low = PageCount{low};
            std::vector<Zone> zones;
            zones.push_back(free_zone(std::move(layout), frames));
            return zones;
        }};
        return node.kernel.pages.alloc_pages_bulk(node.cpu(), kListedPage, wanted).size();
    };
    EXPECT_EQ(got(2000, 47), 47U);
    EXPECT_EQ(got(2000, 48), 1U);  // 2048 free pages are not above 2000 and 48
    EXPECT_EQ(got(2000, 0), 0U);
}

TEST(BulkFree, LetsTheListsGoEvery32PagesIn6_1Only) {
    const auto failures = [](const KernelRules& rules) {
        RecordedKernel node{[&rules](FrameTable& frames) {
            std::vector<Zone> zones;
            zones.push_back(free_zone(zone_layout(kTwoBlocks), frames, rules));
            return zones;
        }};
        const std::vector<Pfn> pages = node.kernel.pages.alloc_pages_bulk(node.cpu(), kListedPage, 64);
        node.kernel.pages.configure({.pcp_trylock_fails = 2});
        node.kernel.pages.free_pages_bulk(node.cpu(), pages);
        EXPECT_EQ(node.kernel.pages.free_pages(node.zone()), kTwoBlocks.count);
        return node.counted(&KernelCounters::pcp_trylock_failures);
    };
    EXPECT_EQ(failures(kLinux6_1), 1U);  // the first 32 pages, one to the buddy, the other 31
    EXPECT_EQ(failures(kLinux6_12), 0U);
}

}  // namespace
}  // namespace splinter::alloc
