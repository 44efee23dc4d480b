#include "alloc/buddy/watermark.h"

#include <gtest/gtest.h>

#include "tests/alloc/test_memory.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

constexpr FreeType kHighatomicType{Migratetype::highatomic, Mapping::mapped};
constexpr AllocFlags kPlain{};
constexpr AllocFlags kHigh{.min_reserve = true};
constexpr AllocFlags kNonBlock{.non_block = true};
constexpr AllocFlags kAtomic{.min_reserve = true, .non_block = true};
constexpr AllocFlags kHighatomicFlags{.min_reserve = true, .non_block = true, .highatomic = true};

struct Watermarks : ::testing::Test {
    TestMemory memory;
    Zone whole{free_zone(zone_layout(kOneBlock), memory.frames())};
    Zone empty{zone_layout(kOneBlock), memory.frames()};
    static bool ok(const Zone& zone, std::uint64_t mark, const AllocFlags& flags, std::uint64_t free) {
        ZoneView view = zone.view();
        view.free = PageCount{free};
        return watermark_ok(zone, view, Order{0U}, PageCount{mark}, flags);
    }
};

TEST_F(Watermarks, RefuseAtTheMarkAndNotOnePageAbove) {
    EXPECT_TRUE(watermark_ok(whole, Order{0U}, PageCount{1023}, kPlain));
    EXPECT_FALSE(watermark_ok(whole, Order{0U}, PageCount{1024}, kPlain));
}

TEST_F(Watermarks, CountAllPagesOfABlockButOne) {
    EXPECT_TRUE(watermark_ok(whole, Order{4U}, PageCount{1024 - 16}, kPlain));
    EXPECT_FALSE(watermark_ok(whole, Order{4U}, PageCount{1024 - 15}, kPlain));
}

TEST_F(Watermarks, AskForAFreeBlockOfTheOrderOrMore) {
    for (std::uint64_t i = 0; i < 128; ++i)
        empty.add_free_block(after(kOneBlock.first, i * 8), Order{3U}, Migratetype::unmovable);
    EXPECT_TRUE(watermark_ok(empty, Order{3U}, PageCount{0}, kPlain));
    EXPECT_FALSE(watermark_ok(empty, Order{4U}, PageCount{0}, kPlain));
    empty.add_free_block(after(kOneBlock.first, 512), Order{9U}, Migratetype::reclaimable);
    EXPECT_TRUE(watermark_ok(empty, Order{4U}, PageCount{0}, kPlain));
}

TEST_F(Watermarks, SeeHighatomicBlocksForHighatomicRequestsOnly) {
    empty.add_free_block(kOneBlock.first, Order{9U}, Migratetype::highatomic);
    EXPECT_TRUE(watermark_ok(empty, Order{2U}, PageCount{0}, kHighatomicFlags));
    EXPECT_FALSE(watermark_ok(empty, Order{2U}, PageCount{0}, kAtomic));
}

// NR_FREE_PAGES does not tell unmapped memory apart, and the loop over free areas takes any list.
TEST_F(Watermarks, TakeFreeUnmappedBlocksForFreeMemory) {
    empty.add_at_head(kOneBlock.first, Order{9U}, kUnmovableUnmapped);
    EXPECT_TRUE(watermark_ok(empty, Order{9U}, PageCount{0}, kPlain));
}

TEST_F(Watermarks, GoToHalfForRequestsThatMayUseReserves) {
    EXPECT_TRUE(ok(whole, 100, kHigh, 51));
    EXPECT_FALSE(ok(whole, 100, kHigh, 50));
}

TEST_F(Watermarks, GoToThreeEighthsIfTheyMayNotBlockEither) {
    EXPECT_TRUE(ok(whole, 80, kAtomic, 31));
    EXPECT_FALSE(ok(whole, 80, kAtomic, 30));
    EXPECT_TRUE(ok(whole, 101, kAtomic, 40));  // 101 - 50, less 51 / 4
    EXPECT_FALSE(ok(whole, 101, kAtomic, 39));
}

TEST_F(Watermarks, AreWholeForRequestsThatOnlyMayNotBlock) {
    EXPECT_TRUE(ok(whole, 80, kNonBlock, 81));
    EXPECT_FALSE(ok(whole, 80, kNonBlock, 80));
}

TEST_F(Watermarks, KeepWhatAZoneReservesFromHigherRequests) {
    ZoneLayout layout = zone_layout(kOneBlock);
    layout.lowmem_reserve = {0, 10, 30};
    const Zone zone{std::move(layout), memory.frames()};
    EXPECT_TRUE(ok(zone, 100, kPlain, 131));
    EXPECT_FALSE(ok(zone, 100, kPlain, 130));
    EXPECT_TRUE(ok(zone, 100, kHigh, 81));  // the reserve is not halved
}

TEST_F(Watermarks, KeepNothingFromRequestsForTheirOwnZone) {  // lowmem_reserve[highest_zoneidx]
    ZoneLayout layout = zone_layout(kOneBlock);
    layout.lowmem_reserve = {0, 10, 30};
    const Zone zone{std::move(layout), memory.frames()};
    EXPECT_TRUE(ok(zone, 100, {.highest_zone = ZoneKind::dma}, 101));
    EXPECT_FALSE(ok(zone, 100, {.highest_zone = ZoneKind::dma32}, 110));
    EXPECT_TRUE(ok(zone, 100, {.highest_zone = ZoneKind::dma32}, 111));
    EXPECT_FALSE(ok(zone, 100, {.highest_zone = ZoneKind::normal}, 130));
}

TEST_F(Watermarks, LeaveOutAllThatIsReservedIn6_1) {
    Zone zone{zone_layout(kOneBlock), memory.frames(), kLinux6_1};
    zone.set_highatomic_reserved(kPageblock);
    EXPECT_TRUE(ok(zone, 100, kPlain, 613));
    EXPECT_FALSE(ok(zone, 100, kPlain, 612));
}

TEST_F(Watermarks, LeaveOutWhatIsFreeOfTheReserveIn6_12) {
    empty.set_highatomic_reserved(kPageblock);
    empty.add_at_head(kOneBlock.first, Order{3U}, kHighatomicType);
    EXPECT_TRUE(ok(empty, 100, kPlain, 109));
    EXPECT_FALSE(ok(empty, 100, kPlain, 108));
    empty.unlink(kOneBlock.first);
    EXPECT_TRUE(ok(empty, 100, kPlain, 101));
}

TEST_F(Watermarks, CountTheReserveForRequestsThatMayUseIt) {
    Zone zone{zone_layout(kOneBlock), memory.frames(), kLinux6_1};
    zone.set_highatomic_reserved(kPageblock);
    EXPECT_TRUE(ok(zone, 100, kNonBlock, 101));
}

TEST(Marks, ALowMarkThatIsNotGivenIsTheMinimum) {
    ZoneLayout layout = zone_layout(kOneBlock);
    layout.watermark_min = PageCount{24};
    EXPECT_EQ(mark_of(layout, Mark::low), PageCount{24});
    layout.watermark_low = PageCount{30};
    EXPECT_EQ(mark_of(layout, Mark::low), PageCount{30});
    EXPECT_EQ(mark_of(layout, Mark::min), PageCount{24});
}

TEST(SlowPathFlags, FollowTheRequest) {  // gfp_to_alloc_flags()
    AllocRequest request{Order{1U}, kMovable};
    EXPECT_FALSE(slow_path_flags(request).uses_reserves());
    EXPECT_EQ(slow_path_flags(request).mark, Mark::min);
    request.reserves = Reserves::may_use;
    EXPECT_TRUE(slow_path_flags(request).min_reserve);
    EXPECT_FALSE(slow_path_flags(request).highatomic);
    request.blocking = Blocking::may_not_block;
    EXPECT_TRUE(slow_path_flags(request).highatomic);
    request.order = Order{0U};
    EXPECT_FALSE(slow_path_flags(request).highatomic);  // "order > 0"
    request.reserves = Reserves::untouched;
    EXPECT_TRUE(slow_path_flags(request).non_block);
    EXPECT_FALSE(slow_path_flags(request).min_reserve);
}

}  // namespace
}  // namespace splinter::alloc
