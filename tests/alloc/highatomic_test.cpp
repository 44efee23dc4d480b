#include "alloc/buddy/highatomic.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

constexpr FreeType kReserve{Migratetype::highatomic, Mapping::mapped};

struct Highatomic : ::testing::TestWithParam<const KernelRules*> {
    // `managed` decides how much may be reserved.
    Zone zone(std::uint64_t managed, PfnRange span = kFourBlocks) {
        ZoneLayout layout = zone_layout(span);
        layout.managed = PageCount{managed};
        return Zone{std::move(layout), memory.frames(), *GetParam()};
    }
    [[nodiscard]] bool is_6_1() const { return GetParam() == &kLinux6_1; }
    TestMemory memory;
    BuddyWork work;
};

TEST_P(Highatomic, TheLimitIsOnePercentAndAPageblockIn6_1AndRoundedUpIn6_12) {
    Zone large = zone(60'000);  // 1 %: 600 pages
    large.set_highatomic_reserved(times(kPageblock, 1));
    EXPECT_FALSE(highatomic_limit_reached(large));
    large.set_highatomic_reserved(times(kPageblock, 2));
    EXPECT_EQ(highatomic_limit_reached(large), !is_6_1());  // 1112 pages; 1024
    large.set_highatomic_reserved(times(kPageblock, 3));
    EXPECT_TRUE(highatomic_limit_reached(large));
}

TEST_P(Highatomic, AZoneOfLessThanAHundredPageblocksReservesIn6_1Only) {
    EXPECT_EQ(highatomic_limit_reached(zone(51'199)), !is_6_1());
    EXPECT_FALSE(highatomic_limit_reached(zone(51'200)));
}

TEST_P(Highatomic, AReserveIsThePageblockWithItsFreeBlocks) {
    Zone z = zone(60'000);
    z.add_free_block(after(pageblock(1), 8), Order{3U}, Migratetype::movable);
    z.add_free_block(after(pageblock(2), 8), Order{3U}, Migratetype::movable);
    reserve_highatomic(z, pageblock(1), Order{2U}, work);
    EXPECT_EQ(z.highatomic_reserved(), kPageblock);
    EXPECT_EQ(z.highatomic_free(), PageCount{8});
    EXPECT_EQ(z.pageblock_freetype(pageblock(1)), kReserve);
    EXPECT_EQ(blocks_of(z, Order{3U}, kReserve), std::vector<Pfn>{after(pageblock(1), 8)});
    EXPECT_EQ(blocks_of(z, Order{3U}, kMovable), std::vector<Pfn>{after(pageblock(2), 8)});
}

TEST_P(Highatomic, APageblockIsReservedOnce) {
    Zone z = zone(600'000);
    reserve_highatomic(z, pageblock(1), Order{2U}, work);
    reserve_highatomic(z, after(pageblock(1), 4), Order{2U}, work);
    EXPECT_EQ(z.highatomic_reserved(), kPageblock);
}

TEST_P(Highatomic, UnmappedPageblocksAreNeverReserved) {
    Zone z = zone(600'000);
    z.set_pageblock_flags(pageblock(1), Mapping::unmapped);
    z.set_pageblock_migratetype(pageblock(1), Migratetype::unmovable);
    reserve_highatomic(z, pageblock(1), Order{2U}, work);
    EXPECT_EQ(z.highatomic_reserved(), PageCount{0});
    EXPECT_EQ(z.pageblock_freetype(pageblock(1)), kUnmovableUnmapped);
}

TEST_P(Highatomic, ABlockOfTwoPageblocksIsReservedWholeIn6_12) {
    Zone z = zone(600'000);
    reserve_highatomic(z, pageblock(2), Order{10U}, work);
    EXPECT_EQ(z.highatomic_reserved(), times(kPageblock, is_6_1() ? 1 : 2));
    EXPECT_EQ(z.pageblock_freetype(pageblock(2)), kReserve);
    EXPECT_EQ(z.pageblock_freetype(pageblock(3)), is_6_1() ? kMovable : kReserve);
}

TEST_P(Highatomic, APageblockAtTheZonesEndIsReservedIn6_1ThoughNothingMoves) {
    const PfnRange cut{kFourBlocks.first, PageCount{512 + 256}};
    Zone z = zone(60'000, cut);
    z.add_free_block(after(pageblock(1), 8), Order{3U}, Migratetype::movable);
    reserve_highatomic(z, pageblock(1), Order{2U}, work);
    EXPECT_EQ(z.highatomic_reserved(), is_6_1() ? kPageblock : PageCount{0});
    EXPECT_EQ(z.pageblock_freetype(pageblock(1)), is_6_1() ? kReserve : kMovable);
    EXPECT_EQ(blocks_of(z, Order{3U}, kMovable).size(), 1U);
}

TEST_P(Highatomic, TheLastPageblockIsKeptUnlessNothingElseHelps) {
    Zone z = zone(60'000);
    z.set_highatomic_reserved(kPageblock);
    z.publish();
    EXPECT_FALSE(may_unreserve(z, Keep::one_pageblock));
    EXPECT_TRUE(may_unreserve(z, Keep::nothing));
    z.set_highatomic_reserved(kPageblock + PageCount{1});
    z.publish();
    EXPECT_TRUE(may_unreserve(z, Keep::one_pageblock));
}

TEST_P(Highatomic, APageblockGoesBackUnderTheTypeOfTheRequest) {
    Zone z = zone(60'000);
    z.add_free_block(after(pageblock(1), 8), Order{3U}, Migratetype::movable);
    reserve_highatomic(z, pageblock(1), Order{2U}, work);
    EXPECT_TRUE(unreserve_highatomic(z, kReclaimable, work));
    EXPECT_EQ(z.highatomic_reserved(), PageCount{0});
    EXPECT_EQ(z.highatomic_free(), PageCount{0});
    EXPECT_EQ(z.pageblock_freetype(pageblock(1)), kReclaimable);
    EXPECT_EQ(blocks_of(z, Order{3U}, kReclaimable).size(), 1U);
}

TEST_P(Highatomic, AReserveWithoutFreeMemoryStays) {
    Zone z = zone(60'000);
    reserve_highatomic(z, pageblock(1), Order{2U}, work);
    EXPECT_FALSE(unreserve_highatomic(z, kMovable, work));
    EXPECT_EQ(z.highatomic_reserved(), kPageblock);
}

TEST_P(Highatomic, AFreeBlockOfTwoPageblocksGoesBackWholeIn6_12) {
    Zone z = zone(600'000);
    z.set_pageblocks(pageblock(2), Order{10U}, Migratetype::highatomic);
    z.set_highatomic_reserved(times(kPageblock, 2));
    z.add_at_head(pageblock(2), Order{10U}, kReserve);
    EXPECT_TRUE(unreserve_highatomic(z, kMovable, work));
    EXPECT_EQ(z.highatomic_reserved(), is_6_1() ? kPageblock : PageCount{0});
    EXPECT_EQ(z.pageblock_freetype(pageblock(2)), kMovable);
    EXPECT_EQ(z.pageblock_freetype(pageblock(3)), is_6_1() ? kReserve : kMovable);
    EXPECT_EQ(blocks_of(z, Order{10U}, kMovable), std::vector<Pfn>{pageblock(2)});  // its memory, in both
}

INSTANTIATE_TEST_SUITE_P(Kernels, Highatomic, ::testing::Values(&kLinux6_1, &kLinux6_12),
                         [](const auto& test) { return test.param == &kLinux6_1 ? "Linux6_1" : "Linux6_12"; });

// --- when the allocator reserves, and who is served from it ---

// Four largest blocks below their low watermark, so that every request takes the slow path.
auto below_low(std::uint64_t managed) {
    return [=](FrameTable& frames) {
        ZoneLayout layout = zone_layout(kFourBlocks);
        layout.managed = PageCount{managed};
        layout.watermark_low = kFourBlocks.count;
        std::vector<Zone> zones;
        zones.push_back(free_zone(std::move(layout), frames));
        return zones;
    };
}

constexpr AllocRequest kAtomic4{Order{4U}, kMovable, Blocking::may_not_block, {}, Contents::any, Reserves::may_use};

TEST(HighatomicRequests, ReserveThePageblockThatTheSlowPathServedThemFrom) {
    RecordedKernel node{below_low(60'000)};
    const Pfn block = node.kernel.pages.alloc_pages(node.cpu(), kAtomic4).value();
    EXPECT_EQ(node.zone().pageblock_freetype(block), kReserve);
    EXPECT_EQ(node.zone().highatomic_reserved(), kPageblock);
    EXPECT_EQ(node.zone().highatomic_free(), kPageblock - PageCount{16});
}

TEST(HighatomicRequests, OfOnePageOrOfTheFastPathReserveNothing) {
    RecordedKernel slow{below_low(60'000)};
    AllocRequest page = kAtomic4;
    page.order = Order{0U};
    ASSERT_TRUE(slow.kernel.pages.alloc_pages(slow.cpu(), page));
    EXPECT_EQ(slow.zone().highatomic_reserved(), PageCount{0});
    RecordedKernel fast{kFourBlocks};
    ASSERT_TRUE(fast.kernel.pages.alloc_pages(fast.cpu(), kAtomic4));
    EXPECT_EQ(fast.zone().highatomic_reserved(), PageCount{0});
}

TEST(HighatomicRequests, AreServedFromTheReserveFirst) {
    RecordedKernel node{below_low(60'000)};
    const Pfn first = node.kernel.pages.alloc_pages(node.cpu(), kAtomic4).value();
    const Pfn second = node.kernel.pages.alloc_pages(node.cpu(), kAtomic4).value();
    EXPECT_EQ(second, after(first, 16));
    EXPECT_EQ(node.zone().highatomic_free(), kPageblock - PageCount{32});
    EXPECT_EQ(node.zone().highatomic_reserved(), kPageblock);
}

// One reserved pageblock is all that is free.
auto reserve_only() {
    return [](FrameTable& frames) {
        std::vector<Zone> zones;
        Zone& zone = zones.emplace_back(zone_layout(kFourBlocks), frames);
        zone.set_pageblock_migratetype(pageblock(0), Migratetype::highatomic);
        zone.set_highatomic_reserved(kPageblock);
        zone.add_at_head(pageblock(0), Order{9U}, kReserve);
        return zones;
    };
}

TEST(HighatomicRequests, OnePageThatMayNotBlockComesFromTheReserveWhenAllElseIsGone) {
    RecordedKernel node{reserve_only()};
    const AllocRequest page{Order{0U}, kMovable, Blocking::may_not_block};
    EXPECT_EQ(node.kernel.pages.alloc_pages(node.cpu(), page), pageblock(0));
    EXPECT_EQ(node.zone().highatomic_reserved(), kPageblock);
}

TEST(HighatomicRequests, TheReserveGoesBeforeARequestThatMayBlockFails) {
    RecordedKernel node{reserve_only()};
    const AllocRequest page{Order{0U}, kMovable};
    EXPECT_EQ(node.kernel.pages.alloc_pages(node.cpu(), page), pageblock(0));
    EXPECT_EQ(node.zone().highatomic_reserved(), PageCount{0});
    EXPECT_EQ(node.zone().pageblock_freetype(pageblock(0)), kMovable);
}

TEST(HighatomicRequests, TheReserveStaysIfTheRequestGivesUpEarly) {
    RecordedKernel node{reserve_only()};
    AllocRequest page{Order{0U}, kMovable};
    page.effort = Effort::no_retry;
    EXPECT_FALSE(node.kernel.pages.alloc_pages(node.cpu(), page).has_value());
    EXPECT_EQ(node.zone().highatomic_reserved(), kPageblock);
}

}  // namespace
}  // namespace splinter::alloc
