// What each strategy clears, unmaps and flushes, in which order relative to the hand-out, and what it does when memory is
// short.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

AllocRequest unmovable_block(unsigned order) { return {Order{order}, kUnmovable, Blocking::may_block, {}}; }

struct Node : RecordedKernel {
    explicit Node(std::string_view strategy, std::size_t cpus = 2, const KernelParams& params = {},
                  PfnRange span = kInLargeLeaves)
        : RecordedKernel{span, strategy, cpus, params} {}
    // As after a long run. The last page of a leaf: the first ones may be page-table pages by now.
    void split_all() {
        for (Pfn at = kInLargeLeaves.first; at < kInLargeLeaves.end(); at += kLargePages)
            for (Mapping mapping : {Mapping::unmapped, Mapping::mapped})
                EXPECT_EQ(kernel.direct_map.set_mapping(cpu(), {after(at, 511), PageCount{1}}, mapping),
                          DirectMap::Outcome::done);
        log().clear();
    }
    Pfn acquire(const AllocRequest& request = kUnmovablePage) { return kernel.strategy->acquire(cpu(), request).value(); }
    void release(Pfn block, unsigned order = 0) { kernel.strategy->release(cpu(), block, Order{order}); }
    // Story of one more call.
    std::string acquiring(const AllocRequest& request = kUnmovablePage) {
        log().clear();
        (void)acquire(request);
        return log().story(kStrategyWords);
    }
    std::string releasing(Pfn block, unsigned order = 0) {
        log().clear();
        release(block, order);
        return log().story(kStrategyWords);
    }
    PageCount free_pages() { return kernel.pages.free_pages(zone()); }
};

TEST(StrategyNone, ClearsAndLeavesThePageMapped) {
    Node node{"none"};
    EXPECT_EQ(node.acquiring(), "clear");
    const Pfn page = node.acquire();
    EXPECT_TRUE(node.memory.mapped(page));
    EXPECT_EQ(node.releasing(page), "");
}

TEST(StrategyPerPage, ClearsUnmapsAndFlushesOnAllCpusBeforeItHandsOut) {
    Node node{"per-page"};
    node.split_all();
    EXPECT_EQ(node.acquiring(), "clear narrowed icr1 page 1:page wait handed_out");
}

TEST(StrategyPerPage, MapsThenClearsAtReleaseWithoutAFlush) {
    Node node{"per-page"};
    const Pfn page = node.acquire();
    EXPECT_FALSE(node.memory.mapped(page));
    EXPECT_EQ(node.releasing(page), "released widened clear");
    EXPECT_TRUE(node.memory.mapped(page));
}

TEST(StrategyPerPage, ABlockIsFlushedAsOneRange) {
    Node node{"per-page"};
    node.split_all();
    EXPECT_EQ(node.acquiring(unmovable_block(5)), "clear*32 narrowed icr1 page*32 1:page*32 wait handed_out");
    EXPECT_EQ(node.acquiring(unmovable_block(6)), "clear*64 narrowed icr1 all 1:all wait handed_out");
}

// Recorded, memfd_secret: N pages, S splits, C CPUs: full flushes S*C, ranged N*C, broadcasts N + S, interrupts (N + S)(C - 1).
TEST(StrategyPerPage, CountsEqualMemfdSecrets) {
    constexpr std::uint64_t kCpus = 4;
    Node node{"per-page", kCpus, {}, kInGiantLeaf};
    const std::uint64_t pages = 1100;  // three pageblocks
    for (std::uint64_t i = 0; i < pages; ++i) (void)node.acquire();
    const std::uint64_t splits =
        node.counted(&KernelCounters::direct_map_level2_splits) + node.counted(&KernelCounters::direct_map_level3_splits);
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level3_splits), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::direct_map_level2_splits), 3U);
    EXPECT_EQ(node.counted(&KernelCounters::kernel_flushes_all), splits * kCpus);
    EXPECT_EQ(node.counted(&KernelCounters::nr_tlb_local_flush_one), pages * kCpus);
    EXPECT_EQ(node.counted(&KernelCounters::cross_calls), pages + splits);
    EXPECT_EQ(node.log().count(Call::Kind::interrupted), (pages + splits) * (kCpus - 1));
}

TEST(StrategyPerPage, WithoutAPageTablePageThePageGoesBackMapped) {
    Node node{"per-page", 2, {}, kInGiantLeaf};
    for (std::uint64_t successes : {0, 1}) {  // the split of 1 GiB fails, then that of 2 MiB
        node.kernel.tables.fail_after(successes, 1);
        EXPECT_FALSE(node.kernel.strategy->acquire(node.cpu(), kUnmovablePage).has_value());
        EXPECT_EQ(node.free_pages(), kInGiantLeaf.count - PageCount{successes});
        for (Pfn at = kInGiantLeaf.first; at < kInGiantLeaf.end(); at += PageCount{1}) ASSERT_TRUE(node.memory.mapped(at));
    }
    EXPECT_EQ(node.log().count(Call::Kind::handed_out), 0U);
    node.machine.check_quiet();
}

const KernelParams kBatchOf4{.batch_pages = 4};

TEST(StrategyBatched, OneFlushCoversABatchAndComesBeforeItsFirstHandOut) {
    Node node{"batched", 2, kBatchOf4};
    node.split_all();
    EXPECT_EQ(node.acquiring(), "clear*4 narrowed*4 icr1 page*4 1:page*4 wait handed_out");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(node.acquiring(), "handed_out");
    EXPECT_EQ(node.acquiring(), "clear*4 narrowed*4 icr1 page*4 1:page*4 wait handed_out");
}

TEST(StrategyBatched, ABatchAboveTheCeilingFlushesEverythingOnce) {
    for (const auto& [pages, flush] : {std::pair{33U, "icr1 page*33 1:page*33 wait"}, std::pair{34U, "icr1 all 1:all wait"}}) {
        KernelParams params;
        params.batch_pages = pages;
        Node node{"batched", 2, params};
        node.split_all();
        const std::string n = std::to_string(pages);
        EXPECT_EQ(node.acquiring(), "clear*" + n + " narrowed*" + n + " " + flush + " handed_out");
    }
}

TEST(StrategyBatched, TheLowestPageIsHandedOutFirstAndTheRestIsHeld) {
    Node node{"batched", 2, kBatchOf4};
    node.split_all();
    const Pfn first = node.acquire();
    EXPECT_EQ(node.kernel.strategy->held(), PageCount{3});
    EXPECT_EQ(node.acquire(), after(first, 1));
    EXPECT_EQ(node.kernel.strategy->held(), PageCount{2});
    for (std::uint64_t i = 0; i < 4; ++i) EXPECT_FALSE(node.memory.mapped(after(first, i)));
}

TEST(StrategyBatched, CpusDoNotShareAStash) {
    Node node{"batched", 2, kBatchOf4};
    (void)node.acquire();
    ASSERT_TRUE(node.kernel.strategy->acquire(node.cpu(1), kUnmovablePage).has_value());
    EXPECT_EQ(node.kernel.strategy->held(), PageCount{6});
}

TEST(StrategyBatched, ABlockIsABatchOfItsOwn) {
    Node node{"batched", 2, kBatchOf4};
    node.split_all();
    EXPECT_EQ(node.acquiring(unmovable_block(1)), "clear*2 narrowed icr1 page*2 1:page*2 wait handed_out");
    EXPECT_EQ(node.kernel.strategy->held(), PageCount{0});
}

TEST(StrategyBatched, AReleasedPageIsMappedAndClearedAndNotStashed) {
    Node node{"batched", 2, kBatchOf4};
    const Pfn page = node.acquire();
    EXPECT_EQ(node.releasing(page), "released widened clear");
    EXPECT_TRUE(node.memory.mapped(page));
    EXPECT_EQ(node.kernel.strategy->held(), PageCount{3});
}

TEST(StrategyBatched, WhenMemoryIsShortABatchIsWhatThereIs) {
    KernelParams params;
    params.batch_pages = 4096;
    Node node{"batched", 2, params};
    node.split_all();
    const PageCount there = node.free_pages();
    (void)node.acquire();
    EXPECT_EQ(node.kernel.strategy->held(), there - PageCount{1});
    for (std::uint64_t i = 1; i < there.raw(); ++i) (void)node.acquire();
    EXPECT_FALSE(node.kernel.strategy->acquire(node.cpu(), kUnmovablePage).has_value());
}

TEST(StrategyBatched, WithoutPageTablePagesABatchGoesBackMappedAndNothingIsFlushed) {
    Node node{"batched", 2, kBatchOf4, kInGiantLeaf};
    node.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(node.kernel.strategy->acquire(node.cpu(), kUnmovablePage).has_value());
    EXPECT_EQ(node.free_pages(), kInGiantLeaf.count);
    EXPECT_EQ(node.log().story("icr narrowed handed_out"), "");
}

TEST(StrategyBatched, PagesOfABatchThatCannotBeUnmappedGoBackAndTheOthersServe) {
    Node node{"batched", 2, kBatchOf4, kInGiantLeaf};
    node.kernel.tables.fail_after(0, 1);
    int calls = 0;
    node.log().set_on_call([&](const Call& call) {  // from the third page on: each failure reads two entries
        if (call.kind == Call::Kind::loaded && ++calls == 5) node.kernel.tables.fail_after(1, 0);
    });
    (void)node.acquire();
    EXPECT_EQ(node.log().count(Call::Kind::narrowed), 2U);
    EXPECT_EQ(node.kernel.strategy->held(), PageCount{1});
    EXPECT_EQ(node.free_pages() + PageCount{2 + 2}, kInGiantLeaf.count);  // two unmapped, two page-table pages
}

TEST(StrategyFreetype, AMissFlushesAWholePageblockBeforeItsFirstPageIsClearedAndHandedOut) {
    Node node{"freetype"};
    EXPECT_EQ(node.acquiring(), "narrowed icr1 all 1:all wait local_map line clear handed_out");
}

TEST(StrategyFreetype, AHitClearsThroughALocalMappingAndFlushesAtMostItsOwnCpu) {
    Node node{"freetype"};
    (void)node.acquire();
    for (int i = 0; i < 510; ++i) ASSERT_EQ(node.acquiring(), "local_map line clear handed_out");
    EXPECT_EQ(node.acquiring(), "all local_map line clear handed_out");  // this CPU's temporary mappings are used up
    EXPECT_EQ(node.acquiring(), "narrowed icr1 all 1:all wait local_map line clear handed_out");
}

TEST(StrategyFreetype, ABlockIsMappedAtOnceAndClearedPageByPage) {
    Node node{"freetype"};
    (void)node.acquire();
    EXPECT_EQ(node.acquiring(unmovable_block(2)), "local_map*4 line clear line clear line clear line clear handed_out");
}

TEST(StrategyFreetype, EachPageIsClearedThroughItsOwnLine) {
    Node node{"freetype"};
    (void)node.acquire();
    node.log().clear();
    const Pfn block = node.acquire(unmovable_block(1));
    EXPECT_EQ(node.log().values(Call::Kind::remapped),
              (std::vector<std::uint64_t>{layout::direct_map(block).raw(), layout::direct_map(after(block, 1)).raw()}));
}

TEST(StrategyFreetype, AReleasedPageStaysUnmappedAndIsNotFlushed) {
    Node node{"freetype"};
    const Pfn page = node.acquire();
    EXPECT_EQ(node.releasing(page), "released");
    EXPECT_FALSE(node.memory.mapped(page));
    EXPECT_EQ(node.acquire(), page);
}

TEST(StrategyFreetype, TheRequestsOwnMigratetypeDoesNotMatter) {
    Node node{"freetype"};
    const Pfn page = node.acquire({Order{0U}, kMovable, Blocking::may_block, {}});
    EXPECT_EQ(node.zone().pageblock_freetype(page), kUnmovableUnmapped);
}

TEST(StrategyFreetype, WithoutAPageTablePageNothingIsHandedOutAndNothingIsLost) {
    Node node{"freetype", 2, {}, kInGiantLeaf};
    node.kernel.tables.fail_after(0, 1);
    EXPECT_FALSE(node.kernel.strategy->acquire(node.cpu(), kUnmovablePage).has_value());
    EXPECT_EQ(node.log().story(kStrategyWords), "");
    EXPECT_EQ(node.free_pages(), kInGiantLeaf.count);
}

// --- on every row of the table ---

struct EveryStrategy : ::testing::TestWithParam<StrategyInfo> {};

TEST_P(EveryStrategy, ServesNothingWhenMemoryIsUsedUpAndLosesNothing) {
    Node node{GetParam().name, 2, kBatchOf4};
    const PageCount before = node.free_pages() + node.kernel.strategy->held();
    std::vector<Pfn> taken;
    while (const auto page = node.kernel.strategy->acquire(node.cpu(), kUnmovablePage)) taken.push_back(*page);
    EXPECT_EQ(node.free_pages() + node.kernel.strategy->held() + PageCount{taken.size() + node.kernel.tables.given().size()},
              before);
    for (Pfn page : taken) node.release(page);
    EXPECT_EQ(node.free_pages() + node.kernel.strategy->held() + PageCount{node.kernel.tables.given().size()}, before);
    node.machine.check_quiet();
}

TEST_P(EveryStrategy, AnOwnedPageIsMappedIfAndOnlyIfTheStrategyDoesNotProtect) {
    Node node{GetParam().name, 2, kBatchOf4};
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(node.memory.mapped(node.acquire()), GetParam().protection == Protection::not_protected);
}

INSTANTIATE_TEST_SUITE_P(Flush, EveryStrategy, ::testing::ValuesIn(flush_strategies().begin(), flush_strategies().end()),
                         [](const auto& row) {
                             std::string name{row.param.name};
                             std::erase(name, '-');
                             return name;
                         });

TEST(StrategyTable, AnUnknownNameIsRefusedWithTheKnownOnes) {
    try {
        (void)find_flush_strategy("perpage");
        FAIL() << "accepted";
    } catch (const UserError& error) {
        EXPECT_NE(std::string{error.what()}.find("none, per-page, batched, batched-deferred, side-cache, freetype"),
                  std::string::npos)
            << error.what();
    }
}

}  // namespace
}  // namespace splinter::alloc
