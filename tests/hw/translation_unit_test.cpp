// What a TranslationUnit may still show after page tables or registers have changed, and what drops it (SDM Vol. 3A 4.10).
#include "hw/mmu/translation_unit.h"

#include "tests/hw/pages.h"
#include "tests/hw/plain_tables.h"

namespace splinter::hw {
namespace {

using namespace testing;
using x86::Invalidation;
using x86::PageSize;
using Flush = TranslationUnit::Cr3Flush;

// kPage read at its old frame, under PCID 0, and then mapped anew.
struct Remapped : PlainUnit {
    explicit Remapped(std::uint64_t flags = PlainTables::kUsed, PageSize size = PageSize::k4) {
        tables.map(kPage, kOld, flags, size);
        EXPECT_EQ(frame(kPage), kOld);
        tables.map(kPage, kNew, flags, size);
    }
    std::optional<Pfn> after(const Invalidation& invalidation) {
        (void)unit.invalidate(invalidation);
        return frame(kPage);
    }
};

TEST(TranslationUnit, ShowsAStaleTranslationUntilItIsInvalidated) {
    Remapped remapped;
    EXPECT_EQ(remapped.frame(kPage), kOld);
    EXPECT_EQ(remapped.after(Invalidation::page(kPage)), kNew);
}

TEST(TranslationUnit, InvlpgDropsAnEntryOfEverySizeFromAnyAddressInIt) {
    EXPECT_EQ((Remapped{PlainTables::kUsed, PageSize::m2}.after(Invalidation::page(kPage + (kTwoMebibytes - 1)))), kNew);
    EXPECT_EQ((Remapped{PlainTables::kUsed, PageSize::g1}.after(Invalidation::page(kPage + (kGibibyte - 1)))), kNew);
    EXPECT_EQ((Remapped{PlainTables::kUsed, PageSize::m2}.after(Invalidation::page(kPage + kTwoMebibytes))), kOld);
    EXPECT_EQ((Remapped{PlainTables::kUsed, PageSize::g1}.after(Invalidation::page(kPage + kGibibyte))), kOld);
    EXPECT_EQ(Remapped{}.after(Invalidation::page(kNext)), kOld);
}

TEST(TranslationUnit, InvlpgDropsGlobalEntries) {
    EXPECT_EQ(Remapped{PlainTables::kGlobal}.after(Invalidation::page(kPage)), kNew);
}

TEST(TranslationUnit, InvlpgLeavesOtherPcidsAlone) {
    Remapped remapped;
    remapped.switch_to(kOtherPcid);
    (void)remapped.unit.invalidate(Invalidation::page(kPage));
    remapped.switch_to(Pcid{0});
    EXPECT_EQ(remapped.frame(kPage), kOld);
}

// Entries that a walk of kNext reads, which kPage's upper entries could spare it, after an invalidation.
std::uint64_t reads_after(const Invalidation& invalidation) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    plain.tables.map(kNext, kOld);
    EXPECT_EQ(plain.reads(kPage), 4U);
    (void)plain.unit.invalidate(invalidation);
    return plain.reads(kNext);
}

TEST(TranslationUnit, EveryInvalidationDropsThePagingStructureCachesOfItsPcidWhateverTheAddress) {
    for (const Invalidation& invalidation :
         {Invalidation::page(VirtAddr{0}), Invalidation::pcid_address(Pcid{0}, VirtAddr{0}),
          Invalidation::pcid_context(Pcid{0}), Invalidation::all(), Invalidation::all_non_global(),
          Invalidation::current_pcid(), Invalidation::pge_toggle()})
        EXPECT_EQ(reads_after(invalidation), 4U);
}

TEST(TranslationUnit, InvalidationsOfAnotherPcidLeaveThePagingStructureCachesAlone) {
    EXPECT_EQ(reads_after(Invalidation::pcid_address(kOtherPcid, kPage)), 1U);
    EXPECT_EQ(reads_after(Invalidation::pcid_context(kOtherPcid)), 1U);
}

TEST(TranslationUnit, MovCr3DropsThePagingStructureCachesOfThePcidThatItLoads) {
    for (const auto flush : {Flush::flush, Flush::no_flush}) {
        PlainUnit plain;
        plain.tables.map(kPage, kOld);
        plain.tables.map(kNext, kOld);
        (void)plain.frame(kPage);
        plain.switch_to(Pcid{0}, flush);
        EXPECT_EQ(plain.reads(kNext), flush == Flush::flush ? 4U : 1U);
    }
}

TEST(TranslationUnit, InvpcidType0SparesGlobalEntriesAndOtherPcids) {
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_address(Pcid{0}, kPage)), kNew);
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_address(kOtherPcid, kPage)), kOld);
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_address(Pcid{0}, kNext)), kOld);
    EXPECT_EQ(Remapped{PlainTables::kGlobal}.after(Invalidation::pcid_address(Pcid{0}, kPage)), kOld);
}

TEST(TranslationUnit, InvpcidType1SparesGlobalEntriesAndOtherPcids) {
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_context(Pcid{0})), kNew);
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_context(kOtherPcid)), kOld);
    EXPECT_EQ(Remapped{PlainTables::kGlobal}.after(Invalidation::pcid_context(Pcid{0})), kOld);
}

TEST(TranslationUnit, InvpcidType2DropsEverythingUnderEveryPcid) {
    for (const std::uint64_t flags : {PlainTables::kUsed, PlainTables::kGlobal}) {
        Remapped remapped{flags};
        remapped.switch_to(kOtherPcid);
        (void)remapped.unit.invalidate(Invalidation::all());
        remapped.switch_to(Pcid{0});
        EXPECT_EQ(remapped.frame(kPage), kNew);
    }
}

TEST(TranslationUnit, InvpcidType3SparesGlobalEntriesOnly) {
    Remapped remapped;
    remapped.switch_to(kOtherPcid);
    (void)remapped.unit.invalidate(Invalidation::all_non_global());
    remapped.switch_to(Pcid{0});
    EXPECT_EQ(remapped.frame(kPage), kNew);
    EXPECT_EQ(Remapped{PlainTables::kGlobal}.after(Invalidation::all_non_global()), kOld);
}

TEST(TranslationUnit, MovCr3FlushesThePcidThatItLoadsAndNoOther) {
    Remapped own;
    own.switch_to(Pcid{0}, Flush::flush);
    EXPECT_EQ(own.frame(kPage), kNew);
    Remapped other;
    other.switch_to(kOtherPcid, Flush::flush);
    other.switch_to(Pcid{0}, Flush::no_flush);
    EXPECT_EQ(other.frame(kPage), kOld);
}

TEST(TranslationUnit, MovCr3WithoutFlushKeepsTheTranslationsOfItsPcidEvenOfAnotherRoot) {
    Remapped remapped;
    constexpr Pfn kOtherRoot{2};
    remapped.tables.map(kPage, kNew, PlainTables::kUsed, PageSize::k4, kOtherRoot);
    remapped.switch_to(Pcid{0}, Flush::no_flush, kOtherRoot);
    EXPECT_EQ(remapped.frame(kPage), kOld);
    remapped.switch_to(Pcid{0}, Flush::flush, kOtherRoot);
    EXPECT_EQ(remapped.frame(kPage), kNew);
}

TEST(TranslationUnit, APcidSeesNoTranslationOfAnother) {
    Remapped remapped;
    remapped.switch_to(kOtherPcid);
    EXPECT_EQ(remapped.frame(kPage), kNew);
    remapped.switch_to(Pcid{0});
    EXPECT_EQ(remapped.frame(kPage), kOld);
}

TEST(TranslationUnit, GlobalEntriesServeEveryPcidAndSurviveMovCr3) {
    Remapped remapped{PlainTables::kGlobal};
    remapped.switch_to(kOtherPcid, Flush::flush);
    EXPECT_EQ(remapped.frame(kPage), kOld);
}

TEST(TranslationUnit, WithoutPgeTheGlobalBitMeansNothing) {
    PlainUnit plain;
    plain.write([](x86::PagingState& state) { state.pge = false; });
    plain.tables.map(kPage, kOld, PlainTables::kGlobal);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.map(kPage, kNew, PlainTables::kGlobal);
    plain.switch_to(Pcid{0}, Flush::flush);
    EXPECT_EQ(plain.frame(kPage), kNew);
}

TEST(TranslationUnit, RegisterWritesThatFlushDropGlobalEntriesOfEveryPcidToo) {
    const std::function<void(x86::PagingState&)> changes[] = {[](x86::PagingState& state) { state.pge = false; },
                                                              [](x86::PagingState& state) { state.pcide = false; },
                                                              [](x86::PagingState& state) { state.smep = true; }};
    for (const auto& change : changes) {
        PlainUnit plain;
        plain.write([](x86::PagingState& state) { state.smep = false; });
        plain.tables.map(kPage, kOld, PlainTables::kGlobal);
        EXPECT_EQ(plain.frame(kPage), kOld);
        plain.tables.map(kPage, kNew, PlainTables::kGlobal);
        plain.write(change);
        EXPECT_EQ(plain.frame(kPage), kNew);
    }
}

// SDM 4.10.1: while CR4.PCIDE is clear the current PCID is 0, and so are the entries that are made.
TEST(TranslationUnit, ClearingPcideMakesPcid0TheCurrentOne) {
    PlainUnit plain;
    plain.switch_to(kOtherPcid, Flush::flush);
    plain.write([](x86::PagingState& state) { state.pcide = false; });
    EXPECT_EQ(plain.unit.pcid(), Pcid{0});
    plain.tables.map(kPage, kOld);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.map(kPage, kNew);
    plain.switch_to(Pcid{0}, Flush::flush);
    plain.write([](x86::PagingState& state) { state.pcide = true; });
    plain.switch_to(kOtherPcid, Flush::no_flush);
    EXPECT_EQ(plain.frame(kPage), kNew);
}

TEST(TranslationUnit, AChangeOfTheNumberOfLevelsDropsEverything) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld, PlainTables::kGlobal);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.write([](x86::PagingState& state) { state.la57 = !state.la57; });
    plain.unit.for_each_translation([](const CachedTranslation&) { ADD_FAILURE() << "still cached"; });
    plain.unit.paging_cache().for_each([](VirtAddr, Pcid, const x86::WalkPoint&) { ADD_FAILURE() << "still cached"; });
}

TEST(TranslationUnit, RegisterWritesThatOnlyChangeRightsDropNothing) {
    const std::function<void(x86::PagingState&)> changes[] = {
        [](x86::PagingState& state) { state.wp = false; },
        [](x86::PagingState& state) { state.smep = false; },
        [](x86::PagingState& state) { state.smap = false; },
        [](x86::PagingState& state) { state.pke = false; },
        [](x86::PagingState& state) { state.pks = true; },
        [](x86::PagingState& state) { state.ac = true; },
        [](x86::PagingState& state) { state.pkru = x86::KeyRights{0}; },
        [](x86::PagingState& state) { state.pkrs = x86::KeyRights{0xc}; }};
    for (const auto& change : changes) {
        Remapped remapped;
        remapped.write(change);
        EXPECT_EQ(remapped.frame(kPage), kOld);
    }
}

TEST(TranslationUnit, EveryInvalidationTakesItsCycles) {
    const CoreParams core;
    PlainUnit plain;
    EXPECT_EQ(plain.unit.invalidate(Invalidation::page(kPage)), core.invlpg);
    EXPECT_EQ(plain.unit.invalidate(Invalidation::pcid_address(Pcid{0}, kPage)), core.invpcid_address);
    EXPECT_EQ(plain.unit.invalidate(Invalidation::pcid_context(Pcid{0})), core.invpcid_context);
    EXPECT_EQ(plain.unit.invalidate(Invalidation::all()), core.full_flush);
    EXPECT_EQ(plain.unit.invalidate(Invalidation::all_non_global()), core.invpcid_non_global);
    EXPECT_EQ(plain.unit.invalidate(Invalidation::current_pcid()), core.cr3_write);
    EXPECT_EQ(plain.unit.invalidate(Invalidation::pge_toggle()), core.pge_toggle);
    EXPECT_EQ(plain.unit.write_cr3(PlainTables::kRoot, Pcid{0}, Flush::flush), core.cr3_write);
    EXPECT_EQ(plain.unit.write_cr3(PlainTables::kRoot, Pcid{0}, Flush::no_flush), core.cr3_no_flush);
}

}  // namespace
}  // namespace splinter::hw
