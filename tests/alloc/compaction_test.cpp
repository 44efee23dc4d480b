#include "alloc/buddy/compaction.h"

#include <gtest/gtest.h>

#include <tuple>

#include "alloc/buddy/compaction_run.h"

#include "tests/alloc/hooked_cpu.h"
#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

constexpr PfnRange kFourPageblocks{kFirstGiant, times(kPageblock, 4)};
constexpr AllocRequest kHuge{Order{9U}, kMovable};

// All but the first page of a pageblock.
void free_rest(Zone& zone, std::uint64_t i) {
    for (Order order{0U}; order < kPageblockOrder; order = order.next())
        zone.add_free_block(pageblock(i) + order.pages(), order, Migratetype::movable);
}

// In every pageblock the first block of `used` is in use, and the rest free.
auto pinned_zone(Order used = Order{0U}, const KernelRules& rules = kLinux6_12, std::uint64_t pageblocks = 4) {
    return [=, &rules](FrameTable& frames) {
        std::vector<Zone> zones;
        Zone& zone = zones.emplace_back(zone_layout({kFourPageblocks.first, times(kPageblock, pageblocks)}), frames, rules);
        for (std::uint64_t i = 0; i < pageblocks; ++i)
            for (Order order = used; order < kPageblockOrder; order = order.next())
                zone.add_free_block(pageblock(i) + order.pages(), order, Migratetype::movable);
        return zones;
    };
}

struct Owner : MovableOwner {
    void moved(Pfn from, Pfn to, Order order) override { moves.emplace_back(from, to, order); }
    std::vector<std::tuple<Pfn, Pfn, Order>> moves;
};

struct Compacted : RecordedKernel {
    using RecordedKernel::RecordedKernel;
    // The block in use of each of these pageblocks can move.
    void let_move(std::initializer_list<std::uint64_t> pageblocks, Order order = Order{0U}) {
        for (std::uint64_t i : pageblocks) kernel.pages.movable().add(pageblock(i), order, owner);
    }
    std::optional<Pfn> allocate(const AllocRequest& request) { return kernel.pages.alloc_pages(cpu(), request); }
    Owner owner;
};

TEST(Compaction, MovesPagesFromTheZonesStartToItsEndUntilABlockIsFree) {
    Compacted node{pinned_zone()};
    node.let_move({0, 1, 2, 3});
    EXPECT_EQ(node.allocate(kHuge), pageblock(0));
    ASSERT_EQ(node.owner.moves.size(), 1U);
    EXPECT_EQ(node.owner.moves.front(), std::tuple(pageblock(0), after(pageblock(3), 1), Order{0U}));
    EXPECT_TRUE(node.kernel.pages.movable().find(after(pageblock(3), 1)).has_value());
    EXPECT_FALSE(node.kernel.pages.movable().find(pageblock(0)).has_value());
    node.machine.check_quiet();
}

TEST(Compaction, CountsWhatItDidByTheNamesOfVmstat) {
    Compacted node{pinned_zone()};
    node.let_move({0});
    ASSERT_TRUE(node.allocate(kHuge).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::compact_stall), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::compact_success), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::compact_fail), 0U);
    EXPECT_EQ(node.counted(&KernelCounters::compact_migrate_scanned), 10U);  // the page, and nine free blocks
    EXPECT_EQ(node.counted(&KernelCounters::compact_free_scanned), 512U);
    EXPECT_EQ(node.counted(&KernelCounters::pgmigrate_success), 1U);
}

TEST(Compaction, PaysForThePagesThatItScansMigratesAndCopies) {
    Compacted node{pinned_zone(Order{2U})};
    node.let_move({0}, Order{2U});
    node.log().clear();
    ASSERT_TRUE(node.allocate(kHuge).has_value());
    EXPECT_EQ(node.log().count(Step::compact_scan), 8U + 512);
    EXPECT_EQ(node.log().count(Step::migrate_page), 4U);
    EXPECT_EQ(node.log().count(Step::copy_page), 4U);
}

TEST(Compaction, LeavesPagesAloneThatNobodyHasRegistered) {
    Compacted node{pinned_zone()};
    EXPECT_FALSE(node.allocate(kHuge).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::compact_fail), 2U);  // asynchronous, then synchronous
    EXPECT_EQ(node.counted(&KernelCounters::pgmigrate_success), 0U);
    EXPECT_EQ(pages_on_lists(node.zone()), PageCount{4 * 511});
}

TEST(Compaction, GivesBackWhatItIsolatedAndDidNotNeed) {
    Compacted node{pinned_zone()};
    node.let_move({0});
    ASSERT_TRUE(node.allocate(kHuge).has_value());
    EXPECT_EQ(node.kernel.pages.free_pages(node.zone()), PageCount{4 * 511 - 512});
}

TEST(Compaction, CanBeTurnedOff) {
    Compacted node{pinned_zone(), "none", 1, KernelParams{.compaction = false}};
    node.let_move({0, 1, 2, 3});
    EXPECT_FALSE(node.allocate(kHuge).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::compact_stall), 0U);
}

TEST(Compaction, IsNotForRequestsThatMayNotBlock) {
    Compacted node{pinned_zone()};
    node.let_move({0, 1, 2, 3});
    AllocRequest request = kHuge;
    request.blocking = Blocking::may_not_block;
    EXPECT_FALSE(node.allocate(request).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::compact_stall), 0U);
}

TEST(Compaction, IsNotForASinglePage) {
    Compacted node{pinned_zone()};
    node.let_move({0, 1, 2, 3});
    while (node.allocate({Order{0U}, kMovable})) {
    }
    EXPECT_EQ(node.counted(&KernelCounters::compact_stall), 0U);
}

// Freetypes `late`: only a whole free pageblock can be flipped, so that the order is promoted.
TEST(Compaction, WorksForAWholePageblockWhenOneUnmappedPageIsWanted) {
    Compacted node{pinned_zone(), "freetype"};
    node.let_move({0, 1, 2, 3});
    const auto page = node.kernel.strategy->acquire(node.cpu(), {Order{0U}, kUnmovable});
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(node.counted(&KernelCounters::pgmigrate_success), 1U);
    EXPECT_EQ(node.counted(&KernelCounters::flips_to_unmapped), 1U);
    EXPECT_EQ(node.kernel.pages.compaction_order({Order{0U}, kUnmovable}), Order{0U});
    EXPECT_EQ(node.kernel.pages.compaction_order({Order{0U}, kUnmovableUnmapped}), kPageblockOrder);
    EXPECT_EQ(node.kernel.pages.compaction_order({Order{10U}, kUnmovableUnmapped}), Order{10U});
}

TEST(Compaction, MovesLargerBlocksIn6_12Only) {
    Compacted newer{pinned_zone(Order{2U})};
    newer.let_move({0}, Order{2U});
    EXPECT_TRUE(newer.allocate(kHuge).has_value());
    Compacted older{pinned_zone(Order{2U}, kLinux6_1)};
    older.let_move({0}, Order{2U});
    EXPECT_FALSE(older.allocate(kHuge).has_value());
    EXPECT_EQ(older.counted(&KernelCounters::pgmigrate_success), 0U);
}

TEST(Compaction, AnOwnerMayFreeAPageWhileItMoves) {
    Compacted node{pinned_zone()};
    node.let_move({0, 1});
    HookedCpu cpu{node.machine};
    cpu.interrupt_at(Step::copy_page, [&](Cpu& self) {
        node.kernel.pages.movable().remove(pageblock(0));
        node.kernel.pages.free_pages(self, pageblock(0), Order{0U});
    });
    EXPECT_TRUE(node.kernel.pages.alloc_pages(cpu, kHuge).has_value());
    EXPECT_EQ(node.counted(&KernelCounters::pgmigrate_fail), 1U);
    EXPECT_EQ(node.owner.moves.size(), 1U);  // of pageblock 1: the page itself is on this CPU's list
    EXPECT_EQ(node.kernel.pages.free_pages(node.zone()), PageCount{4 * 511 + 1 - 512});
}

TEST(Compaction, DoesNotReadAPageWhoseOwnerHasGone) {  // its frame may have left the direct map since
    Compacted node{pinned_zone()};
    node.let_move({0, 1});
    HookedCpu cpu{node.machine};
    cpu.interrupt_at(Step::migrate_page, [&](Cpu& self) {
        node.kernel.pages.movable().remove(pageblock(0));
        node.kernel.pages.free_pages(self, pageblock(0), Order{0U});
    });
    node.log().clear();
    EXPECT_TRUE(node.kernel.pages.alloc_pages(cpu, kHuge).has_value());
    EXPECT_EQ(node.log().count(Step::migrate_page), 2U);
    EXPECT_EQ(node.log().count(Step::copy_page), 1U);
}

// --- one run ---

struct CompactionRuns : ::testing::Test {
    CompactResult compact(Compacted& node, const CompactGoal& goal) {
        return Compactor{node.kernel.pages}.compact(node.cpu(), node.zone(), goal);
    }
};

TEST_F(CompactionRuns, AsynchronousOnesKeepToPageblocksOfTheRequestsType) {
    Compacted node{pinned_zone()};
    node.let_move({0});
    EXPECT_EQ(compact(node, {Order{9U}, kUnmovable, CompactPriority::async, {}}), CompactResult::complete);
    EXPECT_EQ(node.counted(&KernelCounters::compact_migrate_scanned), 0U);
    EXPECT_EQ(compact(node, {Order{9U}, kUnmovable, CompactPriority::sync_light, {}}), CompactResult::success);
}

TEST_F(CompactionRuns, AsynchronousOnesLeaveABlockAloneThatCannotBecomeFree) {
    Compacted node{pinned_zone()};
    node.let_move({0, 1});
    (void)node.zone().take_smallest(Order{0U}, kMovable, *std::make_unique<BuddyWork>());  // pageblock 0 has a second page
    EXPECT_EQ(compact(node, {Order{9U}, kMovable, CompactPriority::async, {}}), CompactResult::success);
    ASSERT_EQ(node.owner.moves.size(), 1U);
    EXPECT_EQ(std::get<0>(node.owner.moves.front()), pageblock(1));
    Compacted sync{pinned_zone()};
    sync.let_move({0, 1});
    (void)sync.zone().take_smallest(Order{0U}, kMovable, *std::make_unique<BuddyWork>());
    EXPECT_EQ(compact(sync, {Order{9U}, kMovable, CompactPriority::sync_light, {}}), CompactResult::success);
    EXPECT_EQ(sync.owner.moves.size(), 2U);
}

TEST_F(CompactionRuns, PagesMoveToMovablePageblocksUnlessNothingElseHelped) {
    Compacted node{pinned_zone()};
    node.let_move({0});
    BuddyWork work;
    node.zone().move_pageblock(pageblock(3), kReclaimable, work);
    node.zone().set_pageblock_migratetype(pageblock(3), Migratetype::reclaimable);
    EXPECT_EQ(compact(node, {Order{9U}, kMovable, CompactPriority::sync_light, {}}), CompactResult::success);
    EXPECT_EQ(std::get<1>(node.owner.moves.front()), after(pageblock(2), 1));
    Compacted full{pinned_zone()};
    full.let_move({0});
    full.zone().move_pageblock(pageblock(3), kReclaimable, work);
    full.zone().set_pageblock_migratetype(pageblock(3), Migratetype::reclaimable);
    EXPECT_EQ(compact(full, {Order{9U}, kMovable, CompactPriority::sync_full, {}}), CompactResult::success);
    EXPECT_EQ(std::get<1>(full.owner.moves.front()), after(pageblock(3), 1));
}

TEST_F(CompactionRuns, PagesNeverMoveToPageblocksWithAFlag) {
    const FreetypeIndex keyed = FreetypeIndex::parse("pgtable-key:movable");
    Compacted node{[&](FrameTable& frames) {
        std::vector<Zone> zones;
        Zone& zone =
            zones.emplace_back(zone_layout(kFourPageblocks), frames, kLinux6_12, FreetypeLists{keyed, kPageblockOrder});
        free_rest(zone, 2);
        zone.set_pageblock_flags(pageblock(3), FreetypeFlag::pgtable_key);
        zone.add_at_head(after(pageblock(3), 1), Order{0U}, {Migratetype::movable, FreetypeFlag::pgtable_key});
        return zones;
    }};
    node.let_move({0});
    CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_full, {}}};
    (void)run.run();
    ASSERT_EQ(node.owner.moves.size(), 1U);
    EXPECT_EQ(std::get<1>(node.owner.moves.front()), after(pageblock(2), 1));
}

TEST_F(CompactionRuns, PagesNeverMoveToUnmappedPageblocks) {
    Compacted node{pinned_zone()};
    node.let_move({0});
    BuddyWork work;
    node.zone().move_pageblock(pageblock(3), kUnmovableUnmapped, work);
    node.zone().set_pageblock_migratetype(pageblock(3), Migratetype::unmovable);
    node.zone().set_pageblock_flags(pageblock(3), Mapping::unmapped);
    EXPECT_EQ(compact(node, {Order{9U}, kMovable, CompactPriority::sync_full, {}}), CompactResult::success);
    EXPECT_EQ(std::get<1>(node.owner.moves.front()), after(pageblock(2), 1));
}

// A zone without free memory, to which `fill` adds some.
template <class Fill>
auto zone_with(std::uint64_t pageblocks, const KernelRules& rules, Fill fill, std::uint64_t min = 0) {
    return [=, &rules](FrameTable& frames) {
        ZoneLayout layout = zone_layout({kFourPageblocks.first, times(kPageblock, pageblocks)});
        layout.watermark_min = PageCount{min};
        std::vector<Zone> zones;
        fill(zones.emplace_back(std::move(layout), frames, rules));
        return zones;
    };
}

// For order 10: a free pageblock is less than the goal, but not less than a pageblock.
TEST_F(CompactionRuns, BreakNoFreePageblockIn6_1AndNoBlockOfTheGoalsOrderIn6_12) {  // suitable_migration_target()
    const auto first_target = [](const KernelRules& rules) {
        Compacted node{zone_with(4, rules, [](Zone& zone) {
            for (std::uint64_t i = 0; i < 3; ++i) free_rest(zone, i);
            zone.add_free_block(pageblock(3), kPageblockOrder, Migratetype::movable);
        })};
        node.let_move({0});
        CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{10U}, kMovable, CompactPriority::sync_light, {}}};
        (void)run.run();
        EXPECT_EQ(node.owner.moves.size(), 1U);
        return std::get<1>(node.owner.moves.at(0));
    };
    EXPECT_EQ(first_target(kLinux6_12), pageblock(3));
    EXPECT_EQ(first_target(kLinux6_1), after(pageblock(2), 1));
}

// Only the block that a pageblock begins with is looked at: what else is free there is taken, whatever its order.
TEST_F(CompactionRuns, BreakLargerBlocksInsideAPageblock) {
    for (const KernelRules* rules : {&kLinux6_1, &kLinux6_12}) {
        Compacted node{zone_with(4, *rules, [](Zone& zone) {
            for (std::uint64_t i = 0; i < 64; ++i)
                zone.add_free_block(after(pageblock(1), 2 * i), Order{0U}, Migratetype::movable);
            zone.add_free_block(after(pageblock(3), 8), Order{3U}, Migratetype::highatomic);  // not the goal's
        })};
        node.let_move({0});
        CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{2U}, kMovable, CompactPriority::sync_light, {}}};
        (void)run.run();
        ASSERT_EQ(node.owner.moves.size(), 1U);
        EXPECT_EQ(std::get<1>(node.owner.moves.front()), after(pageblock(3), 8));
    }
}

// The minimum watermark lets them take half of pageblock 3 and no more.
TEST_F(CompactionRuns, MakeAPageblockMovableThatTheyTakeHalfOf) {  // __isolate_free_page()
    const auto types_after = [](const KernelRules& rules, Order half, Migratetype type) {
        constexpr std::uint64_t kFree = 3 * 511 + 256 + 128;
        Compacted node{zone_with(
            4, rules,
            [&](Zone& zone) {
                for (std::uint64_t i = 0; i < 3; ++i) free_rest(zone, i);
                zone.set_pageblock_migratetype(pageblock(3), type);
                for (std::uint64_t at = 0; at < 256; at += half.pages().raw())
                    zone.add_free_block(after(pageblock(3), at), half, type);
                zone.add_free_block(after(pageblock(3), 384), Order{7U}, type);
            },
            kFree - half.pages().raw() - 1 - (type == Migratetype::highatomic ? 384 : 0))};
        node.let_move({0});
        CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_full, {}}};
        (void)run.run();
        EXPECT_EQ(node.owner.moves.size(), 1U);
        return std::pair{node.zone().pageblock_freetype(pageblock(3)).migratetype,
                         node.zone().list_type_of(after(pageblock(3), 384)).migratetype};
    };
    using enum Migratetype;
    EXPECT_EQ(types_after(kLinux6_12, Order{8U}, reclaimable), (std::pair{movable, movable}));
    EXPECT_EQ(types_after(kLinux6_1, Order{8U}, reclaimable), (std::pair{movable, reclaimable}));
    EXPECT_EQ(types_after(kLinux6_12, Order{7U}, reclaimable), (std::pair{reclaimable, reclaimable}));  // less than half
    EXPECT_EQ(types_after(kLinux6_12, Order{8U}, highatomic).first, highatomic);
}

TEST_F(CompactionRuns, AskForNothingThatAZoneKeepsFromHigherOnes) {  // __isolate_free_page(): highest_zoneidx 0
    Compacted node{[](FrameTable& frames) {
        ZoneLayout layout = zone_layout(kFourPageblocks);
        layout.lowmem_reserve = {0, 2000, 2000};
        std::vector<Zone> zones;
        Zone& zone = zones.emplace_back(std::move(layout), frames);
        for (std::uint64_t i = 0; i < 4; ++i) free_rest(zone, i);
        return zones;
    }};
    node.let_move({0});
    CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_light, {}}};
    EXPECT_EQ(run.run(), CompactResult::success);
}

TEST_F(CompactionRuns, LeaveUnmappedUnitsOfAPageblockAlone) {
    Compacted node{[](FrameTable& frames) {
        std::vector<Zone> zones;
        Zone& zone =
            zones.emplace_back(zone_layout(kFourPageblocks), frames, kLinux6_12, FreetypeLists{kSeriesFreetypes, Order{4U}});
        zone.set_flags({after(pageblock(3), 16), PageCount{16}}, Mapping::unmapped);
        zone.add_at_head(after(pageblock(3), 16), Order{4U}, kUnmovableUnmapped);
        zone.add_free_block(after(pageblock(3), 64), Order{0U}, Migratetype::movable);
        return zones;
    }};
    node.let_move({0});
    CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_light, {}}};
    (void)run.run();
    ASSERT_EQ(node.owner.moves.size(), 1U);
    EXPECT_EQ(std::get<1>(node.owner.moves.front()), after(pageblock(3), 64));
}

TEST_F(CompactionRuns, NeedTwiceTheBlockAboveTheMark) {      // compact_gap()
    Compacted large{pinned_zone(Order{0U}, kLinux6_12, 3)};  // 1533 free pages
    EXPECT_TRUE(compaction_suitable(large.zone(), Order{9U}));
    Compacted small{pinned_zone(Order{0U}, kLinux6_12, 2)};  // 1022
    EXPECT_FALSE(compaction_suitable(small.zone(), Order{9U}));
    EXPECT_EQ(compact(small, {Order{9U}, kMovable, CompactPriority::sync_light, {}}), CompactResult::skipped);
    EXPECT_TRUE(compaction_suitable(small.zone(), Order{8U}));
}

TEST_F(CompactionRuns, AreDeferredTwiceAsOftenAfterEachFailure) {  // defer_compaction(), compaction_deferred()
    Compacted node{pinned_zone()};
    Compactor compactor{node.kernel.pages};
    const CompactGoal goal{Order{9U}, kMovable, CompactPriority::sync_light, {}};
    std::vector<unsigned> deferred;  // between two runs
    for (unsigned run = 0; run < 4; ++run) {
        unsigned count = 0;
        while (compactor.compact(node.cpu(), node.zone(), goal) == CompactResult::deferred) ++count;
        deferred.push_back(count);
    }
    EXPECT_EQ(deferred, (std::vector<unsigned>{0, 1, 3, 7}));
    compactor.served(node.zone(), Order{9U});
    EXPECT_EQ(compactor.compact(node.cpu(), node.zone(), goal), CompactResult::complete);
}

TEST_F(CompactionRuns, OfSmallerOrdersThanTheFailedOneAreNotDeferred) {
    Compacted node{pinned_zone()};
    Compactor compactor{node.kernel.pages};
    compactor.served(node.zone(), Order{8U});  // order 9 and above may fail
    EXPECT_EQ(compactor.compact(node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_light, {}}),
              CompactResult::complete);
    EXPECT_EQ(compactor.compact(node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_light, {}}),
              CompactResult::deferred);
    EXPECT_EQ(compactor.compact(node.cpu(), node.zone(), {Order{8U}, kMovable, CompactPriority::sync_light, {}}),
              CompactResult::success);  // a block of order 8 is free
}

TEST_F(CompactionRuns, KeepTheMinimumWatermarkWhenTheyTakeFreePages) {  // __isolate_free_page()
    Compacted node{[](FrameTable& frames) {
        std::vector<Zone> zones = pinned_zone()(frames);
        ZoneLayout layout = zones.front().layout();
        layout.watermark_min = PageCount{2043};
        std::vector<Zone> marked;
        Zone& zone = marked.emplace_back(std::move(layout), frames);
        for (std::uint64_t i = 0; i < 4; ++i)
            for (Order order{0U}; order < kPageblockOrder; order = order.next())
                zone.add_free_block(pageblock(i) + order.pages(), order, Migratetype::movable);
        return marked;
    }};
    node.let_move({0});
    CompactionRun run{node.kernel.pages, node.cpu(), node.zone(), {Order{9U}, kMovable, CompactPriority::sync_light, {}}};
    EXPECT_EQ(run.run(), CompactResult::complete);
    EXPECT_TRUE(node.owner.moves.empty());
}

TEST(FragmentationIndex, TellsLackOfMemoryFromFragmentation) {
    TestMemory memory;
    Zone zone{zone_layout(kFourPageblocks), memory.frames()};
    EXPECT_EQ(fragmentation_index(zone, Order{9U}), 0);  // nothing free
    zone.add_free_block(after(kFourPageblocks.first, 256), Order{8U}, Migratetype::movable);
    EXPECT_EQ(fragmentation_index(zone, Order{9U}), 1000 - (1000 + 500));
    EXPECT_EQ(fragmentation_index(zone, Order{8U}), -1000);  // there is one
    for (std::uint64_t i = 0; i < 64; ++i) zone.add_free_block(after(pageblock(1), 2 * i), Order{0U}, Migratetype::movable);
    EXPECT_EQ(fragmentation_index(zone, Order{9U}), 1000 - (1000 + 320 * 1000 / 512) / 65);
}

}  // namespace
}  // namespace splinter::alloc
