// The strategies `batched-deferred` and `side-cache`: what they unmap and flush when, and who owns a page meanwhile.
#include <gtest/gtest.h>

#include <set>

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

struct Rival : RecordedKernel {
    explicit Rival(std::string_view strategy, const KernelParams& params)
        : RecordedKernel{kInLargeLeaves, strategy, 2, params} {
        if (strategy == "side-cache") return;
        for (Pfn at = kInLargeLeaves.first; at < kInLargeLeaves.end(); at += kLargePages)  // as after a long run
            for (Mapping mapping : {Mapping::unmapped, Mapping::mapped})
                EXPECT_EQ(kernel.direct_map.set_mapping(cpu(), {after(at, 511), PageCount{1}}, mapping),
                          DirectMap::Outcome::done);
        log().clear();
    }
    std::optional<Pfn> try_acquire(unsigned order = 0) {
        AllocRequest request = kUnmovablePage;
        request.order = Order{order};
        return kernel.strategy->acquire(cpu(), request);
    }
    Pfn acquire() { return try_acquire().value(); }
    void release(Pfn page) { kernel.strategy->release(cpu(), page, Order{0U}); }
    std::string acquiring() {
        log().clear();
        (void)acquire();
        return log().story(kStrategyWords);
    }
    std::string releasing(Pfn page) {
        log().clear();
        release(page);
        return log().story(kStrategyWords);
    }
    // What the timer's interrupt and the work after it do.
    std::string timer() {
        log().clear();
        kernel.work.on_timer(cpu());
        if (kernel.work.pending(CpuId{0U})) kernel.work.run_pending(cpu());
        return log().story(kStrategyWords);
    }
    void pass(std::uint64_t cycles) { cpu().retire(Step::pcp_alloc, cycles / kFakeStep.raw()); }
    [[nodiscard]] PageCount held() const { return kernel.strategy->held(); }
    [[nodiscard]] PageCount free_pages() { return kernel.pages.free_pages(zone()); }
};

KernelParams deferred(std::uint64_t pages, std::uint64_t deadline = 1'000'000'000) {
    KernelParams params;
    params.deferred_pages = pages;
    params.deferred_deadline = Cycles{deadline};
    return params;
}

TEST(StrategyBatchedDeferred, HandsOutUnmappedPagesAtOnceAndFlushesWithTheNthOfThem) {
    Rival node{"batched-deferred", deferred(3)};
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(node.acquiring(), "clear narrowed handed_out");
        EXPECT_EQ(node.acquiring(), "clear narrowed handed_out");
        EXPECT_EQ(node.acquiring(), "clear narrowed handed_out icr1 page*3 1:page*3 wait");
    }
}

TEST(StrategyBatchedDeferred, FlushesAtTheDeadlineOfTheFirstPageAndNotBefore) {
    Rival node{"batched-deferred", deferred(512, 100'000)};
    const Pfn page = node.acquire();
    const Cycles handed_out = node.cpu().now();
    EXPECT_FALSE(node.memory.mapped(page));
    node.pass(50'000);
    (void)node.acquire();
    node.pass(handed_out.raw() + 90'000 - node.cpu().now().raw());
    EXPECT_EQ(node.timer(), "");
    node.pass(20'000);
    EXPECT_EQ(node.timer(), "icr1 page*2 1:page*2 wait");
    node.pass(1'000'000);
    EXPECT_EQ(node.timer(), "");  // nothing waits
}

TEST(StrategyBatchedDeferred, ABatchThatWasFlushedByItsCountLeavesTheDeadlineOfTheNextAlone) {
    Rival node{"batched-deferred", deferred(2, 100'000)};
    (void)node.acquire();
    node.pass(60'000);
    (void)node.acquire();  // flushed
    (void)node.acquire();
    node.pass(45'000);  // past the first deadline
    EXPECT_EQ(node.timer(), "");
    node.pass(60'000);
    EXPECT_EQ(node.timer(), "icr1 page 1:page wait");
}

TEST(StrategyBatchedDeferred, APageThatIsReleasedWhileItsFlushIsPendingIsNobodysUntilThen) {
    Rival node{"batched-deferred", deferred(3)};
    const Pfn page = node.acquire();
    const PageCount free = node.free_pages();
    EXPECT_EQ(node.releasing(page), "released");
    EXPECT_FALSE(node.memory.mapped(page));
    EXPECT_EQ(node.held(), PageCount{1});
    EXPECT_EQ(node.free_pages(), free);
    EXPECT_NE(node.acquire(), page);
    EXPECT_EQ(node.acquiring(), "clear narrowed handed_out icr1 page*3 1:page*3 wait widened clear");
    EXPECT_TRUE(node.memory.mapped(page));
    EXPECT_EQ(node.held(), PageCount{0});
}

TEST(StrategyBatchedDeferred, APageWhoseFlushIsDoneIsFreedAtOnce) {
    Rival node{"batched-deferred", deferred(1)};
    const Pfn page = node.acquire();
    EXPECT_EQ(node.releasing(page), "released widened clear");
    EXPECT_EQ(node.held(), PageCount{0});
}

TEST(StrategyBatchedDeferred, WhenMemoryIsShortReleasedPagesAreFlushedForTheNextOwner) {
    Rival node{"batched-deferred", deferred(100'000)};
    std::vector<Pfn> all;
    while (const auto page = node.try_acquire()) all.push_back(*page);
    node.release(all[7]);
    EXPECT_EQ(node.acquire(), all[7]);
    EXPECT_EQ(node.try_acquire(), std::nullopt);
}

TEST(StrategySideCache, TakesAWholePageblockUnmapsItAndFlushesOnceThenServesFromIt) {
    Rival node{"side-cache", {}};
    EXPECT_EQ(node.acquiring(), "narrowed icr1 all 1:all wait local_map line clear handed_out");
    EXPECT_EQ(node.held(), PageCount{511});
    for (int i = 0; i < 510; ++i) ASSERT_EQ(node.acquiring(), "local_map line clear handed_out");
    EXPECT_EQ(node.acquiring(), "all local_map line clear handed_out");  // this CPU's temporary mappings are used up
    EXPECT_EQ(node.acquiring(), "narrowed icr1 all 1:all wait local_map line clear handed_out");
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 2U);
}

TEST(StrategySideCache, AReleasedPageStaysUnmappedAndIsTheNextToGo) {
    Rival node{"side-cache", {}};
    const Pfn page = node.acquire();
    const PageCount free = node.free_pages();
    EXPECT_EQ(node.releasing(page), "released");
    EXPECT_FALSE(node.memory.mapped(page));
    EXPECT_EQ(node.free_pages(), free);
    EXPECT_EQ(node.held(), PageCount{512});
    EXPECT_EQ(node.acquire(), page);
}

TEST(StrategySideCache, AnOrdinaryRequestThatWouldFailGetsAWholeFreeBlockBackMappedAndScrubbed) {
    Rival node{"side-cache", {}};
    node.release(node.acquire());
    PageAllocator& pages = node.kernel.pages;
    std::uint64_t got = 0;
    while (node.held() > PageCount{0}) {
        ASSERT_TRUE(pages.alloc_pages(node.cpu(), kUnmovablePage.with(kMovable)).has_value());
        ++got;
    }
    EXPECT_GT(got, 512U);  // what a CPU's lists hold is drained after the shrinkers
    EXPECT_EQ(node.counted(&KernelCounters::shrunk_pages), 512U);
    for (; got < kInLargeLeaves.count.raw(); ++got)
        ASSERT_TRUE(pages.alloc_pages(node.cpu(), kUnmovablePage.with(kMovable)).has_value());
    EXPECT_FALSE(pages.alloc_pages(node.cpu(), kUnmovablePage.with(kMovable)).has_value());
}

TEST(StrategySideCache, ABlockWithAnOwnerInItIsNotGivenBack) {
    Rival node{"side-cache", {}};
    (void)node.acquire();
    node.release(node.acquire());
    while (node.kernel.pages.alloc_pages(node.cpu(), kUnmovablePage)) {
    }
    EXPECT_EQ(node.held(), PageCount{511});
}

TEST(StrategySideCache, ARequestThatMayNotBlockGetsNothingBackFromIt) {
    Rival node{"side-cache", {}};
    node.release(node.acquire());
    AllocRequest atomic = kUnmovablePage;
    atomic.blocking = Blocking::may_not_block;
    while (node.kernel.pages.alloc_pages(node.cpu(), atomic)) {
    }
    EXPECT_EQ(node.held(), PageCount{512});
}

TEST(StrategySideCache, AboveItsMarkAReleaseGivesAWholeBlockBack) {
    KernelParams params;
    params.side_cache_keep = 600;
    Rival node{"side-cache", params};
    std::vector<Pfn> pages;
    for (int i = 0; i < 1024; ++i) pages.push_back(node.acquire());
    for (Pfn page : pages) node.release(page);
    EXPECT_EQ(node.held(), PageCount{512});
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_mapped), 1U);
}

// No pageblock is free, but pages are.
struct NoWholeBlock : Rival {
    explicit NoWholeBlock(const KernelParams& params) : Rival{"side-cache", params} {
        std::vector<Pfn> taken;
        while (const auto page = kernel.pages.alloc_pages(cpu(), kUnmovablePage)) taken.push_back(*page);
        for (Pfn page : taken)
            if (page.raw() % 512 >= 8) kernel.pages.free_to_buddy(cpu(), page, Order{0U});
    }
};

TEST(StrategySideCache, WithoutAFreePageblockItHasNothing) {
    NoWholeBlock node{{}};
    EXPECT_EQ(node.try_acquire(), std::nullopt);
}

TEST(StrategySideCache, TakesSmallerBlocksIfItMay) {
    KernelParams params;
    params.side_cache_min_order = 4;
    NoWholeBlock node{params};
    ASSERT_TRUE(node.try_acquire().has_value());
    EXPECT_EQ(node.held(), PageCount{255});
}

}  // namespace
}  // namespace splinter::alloc
