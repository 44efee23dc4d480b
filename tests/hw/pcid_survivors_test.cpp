// What INVLPG leaves of a kernel address under other PCIDs (SDM Vol. 3A 4.10.4.1), and when it counts as usable again.
#include "tests/hw/plain_tables.h"

namespace splinter::hw {
namespace {

using namespace testing;

constexpr Pcid kOther{7};

// kPage cached under kOther with these flags; PCID 0 is current.
struct Cached : PlainUnit {
    explicit Cached(std::uint64_t flags) {
        tables.map(kPage, kOld, flags);
        switch_to(kOther);
        (void)frame(kPage);
        switch_to(Pcid{0});
        tables.map(kPage, kNew, flags);
    }
    [[nodiscard]] std::uint64_t survivors() const { return unit.stats().pcid_survivors; }
};

TEST(PcidSurvivors, AnEntryThatIsNotGlobalCountsWhenItsPcidComesBack) {
    Cached cached{PlainTables::kUsed};
    (void)cached.unit.invalidate(x86::Invalidation::page(kPage));
    EXPECT_EQ(cached.survivors(), 0U);
    cached.switch_to(kOther);
    EXPECT_EQ(cached.survivors(), 1U);
    EXPECT_EQ(cached.frame(kPage), kOld);  // and it is used
    cached.switch_to(Pcid{0});
    cached.switch_to(kOther);
    EXPECT_EQ(cached.survivors(), 1U);  // once
}

TEST(PcidSurvivors, AGlobalEntryLeavesNone) {
    Cached cached{PlainTables::kGlobal};
    (void)cached.unit.invalidate(x86::Invalidation::page(kPage));
    cached.switch_to(kOther);
    EXPECT_EQ(cached.survivors(), 0U);
    EXPECT_EQ(cached.frame(kPage), kNew);
}

TEST(PcidSurvivors, ASwitchWithAFlushLeavesNone) {
    Cached cached{PlainTables::kUsed};
    (void)cached.unit.invalidate(x86::Invalidation::page(kPage));
    cached.switch_to(kOther, TranslationUnit::Cr3Flush::flush);
    EXPECT_EQ(cached.survivors(), 0U);
    EXPECT_EQ(cached.frame(kPage), kNew);
}

TEST(PcidSurvivors, AFullFlushInBetweenLeavesNone) {
    Cached cached{PlainTables::kUsed};
    (void)cached.unit.invalidate(x86::Invalidation::page(kPage));
    (void)cached.unit.invalidate(x86::Invalidation::all());
    cached.switch_to(kOther);
    EXPECT_EQ(cached.survivors(), 0U);
}

TEST(PcidSurvivors, AnInvlpgbOfTheAddressLeavesNone) {
    Cached cached{PlainTables::kUsed};
    cached.unit.apply({.addresses = x86::Invlpgb::Addresses::range, .first = kPage});
    cached.switch_to(kOther);
    EXPECT_EQ(cached.survivors(), 0U);
    EXPECT_EQ(cached.frame(kPage), kNew);
}

}  // namespace
}  // namespace splinter::hw
