#include "hw/x86/translate.h"

#include <gtest/gtest.h>

#include "hw/x86/phys_mem.h"
#include "tests/x86/accesses.h"

namespace splinter::x86 {
namespace {

constexpr Pfn kRoot{1};
constexpr VirtAddr kTranslatedVa{0x00007f1234567890};
constexpr PhysAddr kEntries[] = {PhysAddr{0x17f0}, PhysAddr{0x2240}, PhysAddr{0x3d10}, PhysAddr{0x4b38}};
constexpr std::uint64_t kAll = Pte::kPresent | Pte::kWritable | Pte::kUser;

// Tables at frames 1 to 4 that map the page of kTranslatedVa to frame 9; A and D clear everywhere.
class Translate : public ::testing::Test {
  protected:
    Translate() {
        for (std::uint64_t i = 0; i < 3; ++i) memory_.store(kEntries[i], Pte::table(Pfn{i + 2}, kAll));
        memory_.store(kEntries[3], Pte::leaf(Pfn{9}, PageSize::k4, kAll));
    }
    AccessOutcome access(Access access, VirtAddr va = kTranslatedVa) { return translate(memory_, kRoot, state_, va, access); }
    std::uint64_t flags(std::size_t entry) { return memory_.load(kEntries[entry]).raw() & (Pte::kAccessed | Pte::kDirty); }

    PhysMem memory_{std::uint64_t{1} << 20};
    PagingState state_;
};

TEST_F(Translate, AddsTheOffsetInThePage) { EXPECT_EQ(access(kUserRead), AccessOutcome::ok(PhysAddr{0x9890}, PageSize::k4)); }

TEST_F(Translate, KeepsTheLongerOffsetOfALargePage) {
    memory_.store(kEntries[2], Pte::leaf(Pfn{0x4000}, PageSize::m2, kAll));
    EXPECT_EQ(access(kUserRead), AccessOutcome::ok(PhysAddr{0x4167890}, PageSize::m2));
    memory_.store(kEntries[1], Pte::leaf(Pfn{0x80000}, PageSize::g1, kAll));
    EXPECT_EQ(access(kUserRead), AccessOutcome::ok(PhysAddr{0xb4567890}, PageSize::g1));
}

TEST_F(Translate, ReadsSetAEverywhereAndD_Nowhere) {
    (void)access(kUserRead);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(flags(i), Pte::kAccessed);
}

TEST_F(Translate, WritesSetDInTheLeaf) {
    (void)access(kUserWrite);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(flags(i), Pte::kAccessed);
    EXPECT_EQ(flags(3), Pte::kAccessed | Pte::kDirty);
}

TEST_F(Translate, ReadsDoNotClearD) {
    (void)access(kUserWrite);
    (void)access(kUserRead);
    EXPECT_EQ(flags(3), Pte::kAccessed | Pte::kDirty);
}

TEST_F(Translate, ForbiddenWritesDoNotSetD) {
    memory_.store(kEntries[3], Pte::leaf(Pfn{9}, PageSize::k4, Pte::kPresent | Pte::kUser));
    EXPECT_EQ(access(kUserWrite), AccessOutcome::page_fault({kTranslatedVa, 0x7}));
    EXPECT_EQ(flags(3) & Pte::kDirty, 0U);
}

TEST_F(Translate, AMissingEntryKeepsItsBits) {
    memory_.store(kEntries[3], Pte{0xf0f0});
    EXPECT_EQ(access(kUserWrite), AccessOutcome::page_fault({kTranslatedVa, 0x6}));
    EXPECT_EQ(memory_.load(kEntries[3]), Pte{0xf0f0});
}

TEST_F(Translate, AReservedBitStopsTheWalkBeforeTheNextTable) {
    memory_.store(kEntries[1], memory_.load(kEntries[1]).with(std::uint64_t{1} << 51));
    EXPECT_EQ(access(kUserRead), AccessOutcome::page_fault({kTranslatedVa, 0xd}));
    EXPECT_EQ(flags(1), 0U);
    EXPECT_EQ(flags(2), 0U);
}

TEST_F(Translate, ANonCanonicalAddressIsAGeneralProtectionFaultWithoutAWalk) {
    EXPECT_EQ(access(kUserRead, VirtAddr{kTranslatedVa.raw() | std::uint64_t{1} << 63}), AccessOutcome::general_protection());
    EXPECT_EQ(flags(0), 0U);
}

TEST_F(Translate, FaultsByRightsCarryTheAddress) {
    state_.smap = true;
    EXPECT_EQ(access({AccessKind::read, Mode::supervisor}), AccessOutcome::page_fault({kTranslatedVa, 0x1}));
    state_.ac = true;
    EXPECT_EQ(access({AccessKind::read, Mode::supervisor}), AccessOutcome::ok(PhysAddr{0x9890}, PageSize::k4));
}

TEST_F(Translate, FiveLevelsNeedOneTableMore) {
    state_.la57 = true;
    EXPECT_EQ(access(kUserRead), AccessOutcome::page_fault({kTranslatedVa, 0x4}));  // the root's entry 0 is empty
    memory_.store(PhysAddr{0x8000}, Pte::table(kRoot, kAll));
    EXPECT_EQ(translate(memory_, Pfn{8}, state_, kTranslatedVa, kUserRead), AccessOutcome::ok(PhysAddr{0x9890}, PageSize::k4));
}

}  // namespace
}  // namespace splinter::x86
