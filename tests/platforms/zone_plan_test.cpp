#include "platforms/build/zone_plan.h"

#include <gtest/gtest.h>

namespace splinter::platforms {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

struct Plan {
    Plan(std::uint64_t memory, std::uint64_t nodes)
        : frames{PageCount{memory >> kPageShift}}, zones{plan_zones(memory, nodes, frames, alloc::kLinux6_12)} {}
    [[nodiscard]] const alloc::ZoneLayout& operator[](std::size_t i) const { return zones.at(i).layout(); }
    alloc::FrameTable frames;
    std::vector<alloc::Zone> zones;
};

TEST(ZonePlan, TheMarksAreAQuarterOfTheMinimumApartOrAThousandthOfTheZone) {  // __setup_per_zone_wmarks()
    const Plan plan{8 * kGiB, 1};
    ASSERT_EQ(plan.zones.size(), 3U);
    EXPECT_EQ(plan[1].name, "DMA32");
    EXPECT_EQ(plan[1].watermark_min, PageCount{1442});  // 2896 pages, shared out by size
    EXPECT_EQ(plan[1].watermark_low, PageCount{1442 + 1044});
    EXPECT_EQ(plan[1].watermark_high, PageCount{1442 + 2 * 1044});
    EXPECT_EQ(plan[0].watermark_min, PageCount{5});
    EXPECT_EQ(plan[0].watermark_low, PageCount{5 + 3});
    EXPECT_EQ(plan[0].lowmem_reserve,
              (std::vector<std::uint64_t>{0, 1'044'480 / 256, (1'044'480 + 1'048'576) / 256, (1'044'480 + 1'048'576) / 256}));
    EXPECT_EQ(plan[1].lowmem_reserve, (std::vector<std::uint64_t>{0, 0, 1'048'576 / 256, 1'048'576 / 256}));
}

TEST(ZonePlan, EachNodeHasAShareOfTheMemoryAndTheZonesThatLieInIt) {
    const Plan plan{16 * kGiB, 2};
    ASSERT_EQ(plan.zones.size(), 4U);
    const Pfn middle = pfn_of(PhysAddr{8 * kGiB});
    EXPECT_EQ(plan[2].name, "Normal");
    EXPECT_EQ(plan[2].node, alloc::NodeId{0});
    EXPECT_EQ(plan[2].span.end(), middle);
    EXPECT_EQ(plan[3].name, "Normal");
    EXPECT_EQ(plan[3].node, alloc::NodeId{1});
    EXPECT_EQ(plan[3].span.first, middle);
    EXPECT_EQ(plan[3].index, alloc::ZoneIndex{3});
    EXPECT_EQ(plan[3].kind, alloc::ZoneKind::normal);
}

TEST(ZonePlan, ReservesOfLowerZonesCountTheirOwnNodeOnly) {
    const Plan plan{16 * kGiB, 2};
    EXPECT_EQ(plan[0].lowmem_reserve.back(), (1'044'480U + 1'048'576U) / 256);
    EXPECT_EQ(plan[3].lowmem_reserve, (std::vector<std::uint64_t>{0, 0, 0, 0}));
}

TEST(ZonePlan, TheLastNodeHasTheRestOfMemoryThatDoesNotDivide) {
    const Plan plan{4 * kGiB + (std::uint64_t{12} << 20), 2};
    EXPECT_EQ(plan.zones.back().layout().span.end(), pfn_of(PhysAddr{4 * kGiB + (std::uint64_t{12} << 20)}));
    PageCount spanned;
    for (const alloc::Zone& zone : plan.zones) spanned += zone.layout().span.count;
    EXPECT_EQ(spanned, PageCount{(4 * kGiB + (std::uint64_t{12} << 20)) >> kPageShift});
}

}  // namespace
}  // namespace splinter::platforms
