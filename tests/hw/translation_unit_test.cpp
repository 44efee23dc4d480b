// What a TranslationUnit may still show after page tables or registers have changed, and what drops it (SDM Vol. 3A 4.10).
#include "hw/mmu/translation_unit.h"

#include "tests/hw/plain_tables.h"

namespace splinter::hw {
namespace {

using testing::PlainTables;
using testing::PlainUnit;
using x86::Invalidation;
using x86::PageSize;
using x86::Pte;
using Flush = TranslationUnit::Cr3Flush;

constexpr VirtAddr kPage{0xffff888000000000U};
constexpr VirtAddr kNext = kPage + kPageBytes;
constexpr std::uint64_t kTwoMebibytes = std::uint64_t{1} << 21;
constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;
constexpr Pfn kOld{0x40000};
constexpr Pfn kNew{0x80000};
constexpr Pcid kOther{7};
constexpr std::uint64_t kGlobal = PlainTables::kUsed | Pte::kGlobal;

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

TEST(TranslationUnit, InvlpgDropsGlobalEntries) { EXPECT_EQ(Remapped{kGlobal}.after(Invalidation::page(kPage)), kNew); }

TEST(TranslationUnit, InvlpgLeavesOtherPcidsAlone) {
    Remapped remapped;
    remapped.switch_to(kOther);
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
    EXPECT_EQ(reads_after(Invalidation::pcid_address(kOther, kPage)), 1U);
    EXPECT_EQ(reads_after(Invalidation::pcid_context(kOther)), 1U);
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
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_address(kOther, kPage)), kOld);
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_address(Pcid{0}, kNext)), kOld);
    EXPECT_EQ(Remapped{kGlobal}.after(Invalidation::pcid_address(Pcid{0}, kPage)), kOld);
}

TEST(TranslationUnit, InvpcidType1SparesGlobalEntriesAndOtherPcids) {
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_context(Pcid{0})), kNew);
    EXPECT_EQ(Remapped{}.after(Invalidation::pcid_context(kOther)), kOld);
    EXPECT_EQ(Remapped{kGlobal}.after(Invalidation::pcid_context(Pcid{0})), kOld);
}

TEST(TranslationUnit, InvpcidType2DropsEverythingUnderEveryPcid) {
    for (const std::uint64_t flags : {PlainTables::kUsed, kGlobal}) {
        Remapped remapped{flags};
        remapped.switch_to(kOther);
        (void)remapped.unit.invalidate(Invalidation::all());
        remapped.switch_to(Pcid{0});
        EXPECT_EQ(remapped.frame(kPage), kNew);
    }
}

TEST(TranslationUnit, InvpcidType3SparesGlobalEntriesOnly) {
    Remapped remapped;
    remapped.switch_to(kOther);
    (void)remapped.unit.invalidate(Invalidation::all_non_global());
    remapped.switch_to(Pcid{0});
    EXPECT_EQ(remapped.frame(kPage), kNew);
    EXPECT_EQ(Remapped{kGlobal}.after(Invalidation::all_non_global()), kOld);
}

TEST(TranslationUnit, MovCr3FlushesThePcidThatItLoadsAndNoOther) {
    Remapped own;
    own.switch_to(Pcid{0}, Flush::flush);
    EXPECT_EQ(own.frame(kPage), kNew);
    Remapped other;
    other.switch_to(kOther, Flush::flush);
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
    remapped.switch_to(kOther);
    EXPECT_EQ(remapped.frame(kPage), kNew);
    remapped.switch_to(Pcid{0});
    EXPECT_EQ(remapped.frame(kPage), kOld);
}

TEST(TranslationUnit, GlobalEntriesServeEveryPcidAndSurviveMovCr3) {
    Remapped remapped{kGlobal};
    remapped.switch_to(kOther, Flush::flush);
    EXPECT_EQ(remapped.frame(kPage), kOld);
}

TEST(TranslationUnit, WithoutPgeTheGlobalBitMeansNothing) {
    PlainUnit plain;
    plain.write([](x86::PagingState& state) { state.pge = false; });
    plain.tables.map(kPage, kOld, kGlobal);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.map(kPage, kNew, kGlobal);
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
        plain.tables.map(kPage, kOld, kGlobal);
        EXPECT_EQ(plain.frame(kPage), kOld);
        plain.tables.map(kPage, kNew, kGlobal);
        plain.write(change);
        EXPECT_EQ(plain.frame(kPage), kNew);
    }
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

TEST(TranslationUnit, AKeyRegisterCountsAtOnceAndForCachedEntries) {
    PlainUnit plain;
    plain.write([](x86::PagingState& state) { state.pks = true; });
    plain.tables.map(kPage, kOld, PlainTables::kUsed | std::uint64_t{5} << Pte::kKeyShift);
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), kOld);
    plain.write([](x86::PagingState& state) { state.pkrs = x86::KeyRights{std::uint32_t{2} << 10}; });  // WD5
    EXPECT_EQ(plain.frame(kPage), kOld);
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), std::nullopt);
    plain.write([](x86::PagingState& state) { state.pkrs = x86::KeyRights{}; });
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), kOld);
}

TEST(TranslationUnit, ThePageFaultOfAnAddressDropsWhatIsCachedForIt) {
    PlainUnit plain;
    constexpr std::uint64_t kReadOnly = PlainTables::kUsed & ~Pte::kWritable;
    plain.tables.map(kPage, kOld, kReadOnly);
    plain.tables.map(kNext, kOld);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.map(kPage, kNew);  // and writable
    plain.tables.map(kNext, kNew);
    EXPECT_EQ(plain.frame(kNext), kNew);
    plain.tables.map(kNext, kOld);
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), std::nullopt);  // spurious: the cached entry forbids it
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), kNew);
    EXPECT_EQ(plain.frame(kNext), kNew);  // its own entry has stayed
}

TEST(TranslationUnit, APageFaultDropsThePagingStructureEntriesOfItsAddress) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    plain.tables.entry(kNext) = Pte{};
    EXPECT_EQ(plain.reads(kPage), 4U);
    EXPECT_EQ(plain.reads(kNext), 1U);  // a fault, by the cached PDE
    EXPECT_EQ(plain.reads(kNext), 4U);
}

TEST(TranslationUnit, AnEntryThatIsNotPresentOrReservedIsNeverCached) {
    PlainUnit plain;
    plain.tables.map(kPage, kNew, PlainTables::kUsed & ~Pte::kPresent);
    EXPECT_EQ(plain.frame(kPage), std::nullopt);
    plain.tables.entry(kPage) = Pte::leaf(kNew, PageSize::k4, PlainTables::kUsed).with(std::uint64_t{1} << 51);
    EXPECT_EQ(plain.frame(kPage), std::nullopt);
    plain.tables.map(kPage, kNew);
    EXPECT_EQ(plain.frame(kPage), kNew);
}

TEST(TranslationUnit, AfterASplitInvlpgOfAnyAddressLeavesNothingOfTheLargePage) {
    for (const std::uint64_t flags : {PlainTables::kUsed, kGlobal}) {
        PlainUnit plain;
        plain.tables.map(kPage, kOld, flags, PageSize::m2);
        for (std::uint64_t page = 0; page < 3; ++page)
            EXPECT_EQ(plain.frame(kPage + page * kPageBytes), kOld + PageCount{page});
        plain.tables.entry(kPage, x86::kPde) = Pte{};
        for (std::uint64_t page = 0; page < 3; ++page)
            plain.tables.map(kPage + page * kPageBytes, kNew + PageCount{page}, flags);
        EXPECT_EQ(plain.frame(kNext), kOld + PageCount{1});
        (void)plain.unit.invalidate(Invalidation::page(kNext + kPageBytes));
        for (std::uint64_t page = 0; page < 3; ++page)
            EXPECT_EQ(plain.frame(kPage + page * kPageBytes), kNew + PageCount{page});
    }
}

TEST(TranslationUnit, AfterACollapseInvlpgOfOneSmallPageLeavesTheOthers) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    plain.tables.map(kNext, kOld);
    EXPECT_EQ(plain.frame(kPage), kOld);
    EXPECT_EQ(plain.frame(kNext), kOld);
    plain.tables.map(kPage, kNew, PlainTables::kUsed, PageSize::m2);
    (void)plain.unit.invalidate(Invalidation::page(kPage));
    EXPECT_EQ(plain.frame(kPage), kNew);
    EXPECT_EQ(plain.frame(kNext), kOld);
    (void)plain.unit.invalidate(Invalidation::page(kNext));
    EXPECT_EQ(plain.frame(kNext), kNew + PageCount{1});
}

TEST(TranslationUnit, AWriteThroughACleanEntryWalksAgainAndSeesMemory) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld, PlainTables::kUsed & ~Pte::kDirty);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.map(kPage, kNew, PlainTables::kUsed & ~Pte::kDirty);
    EXPECT_EQ(plain.frame(kPage), kOld);
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), kNew);
    EXPECT_TRUE(plain.tables.entry(kPage).has(Pte::kDirty));
    EXPECT_EQ(plain.reads(kPage, PlainUnit::kWrite), 0U);
}

TEST(TranslationUnit, DClearedInMemoryIsSetAgainAfterAnInvalidationOnly) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    (void)plain.frame(kPage, PlainUnit::kWrite);
    plain.tables.entry(kPage) = plain.tables.entry(kPage).without(Pte::kDirty);
    (void)plain.frame(kPage, PlainUnit::kWrite);
    EXPECT_FALSE(plain.tables.entry(kPage).has(Pte::kDirty));
    (void)plain.unit.invalidate(Invalidation::page(kPage));
    (void)plain.frame(kPage, PlainUnit::kWrite);
    EXPECT_TRUE(plain.tables.entry(kPage).has(Pte::kDirty));
}

TEST(TranslationUnit, AnUpperEntryServesItsNeighboursUntilItIsInvalidated) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    plain.tables.map(kNext, kOld);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.entry(kPage, x86::kPde) = Pte{};
    plain.tables.map(kNext, kNew);  // in another table
    EXPECT_EQ(plain.frame(kNext), kOld);
    (void)plain.unit.invalidate(Invalidation::page(kNext));
    EXPECT_EQ(plain.frame(kNext), kNew);
}

TEST(TranslationUnit, ReadsWritesAndFetchesOfOnePageAreInvalidatedTogether) {
    MmuParams split;  // a part with TLBs for stores and for instructions at both levels
    split.l1s = {16, 16};
    split.l2i = {64, 4};
    PlainUnit plain{split};
    plain.tables.map(kPage, kOld);
    for (const x86::Access access : {PlainUnit::kRead, PlainUnit::kWrite, PlainUnit::kFetch})
        EXPECT_EQ(plain.frame(kPage, access), kOld);
    plain.tables.map(kPage, kNew);
    for (const x86::Access access : {PlainUnit::kRead, PlainUnit::kWrite, PlainUnit::kFetch})
        EXPECT_EQ(plain.frame(kPage, access), kOld);
    (void)plain.unit.invalidate(Invalidation::page(kPage));
    for (const x86::Access access : {PlainUnit::kRead, PlainUnit::kWrite, PlainUnit::kFetch})
        EXPECT_EQ(plain.frame(kPage, access), kNew);
}

TEST(TranslationUnit, AnEntryThatChangesUnderTheLockedOperationIsUsedAsItThenIs) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld, PlainTables::kUsed & ~Pte::kAccessed);
    const auto change = [&](PhysAddr) {
        plain.tables.on_set_flags = nullptr;
        plain.tables.map(kPage, kNew);
    };
    for (const x86::Level level : {x86::kPml4e, x86::kPdpte, x86::kPde}) {
        Pte& upper = plain.tables.entry(kPage, level);
        upper = upper.with(Pte::kAccessed);
    }
    plain.tables.on_set_flags = change;
    EXPECT_EQ(plain.frame(kPage), kNew);
}

TEST(TranslationUnit, AWalkThatAnInvalidationCrossesStartsAgain) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    int reads = 0;
    plain.tables.on_read = [&](PhysAddr) {
        if (++reads != 4) return;  // of the PTE: the PDE that led to it is gone by now
        plain.tables.entry(kPage, x86::kPde) = Pte{};
        plain.tables.map(kPage, kNew);
        (void)plain.unit.invalidate(Invalidation::all());
    };
    EXPECT_EQ(plain.frame(kPage), kNew);
    EXPECT_EQ(reads, 8);
}

TEST(TranslationUnit, FiveLevelsReadFiveEntriesAndCacheThePml5e) {
    PlainUnit plain{{}, x86::kPml5e};
    constexpr VirtAddr kHigh{0x00a0000000000000U};  // canonical with 57 bits only
    plain.tables.map(kHigh, kOld);
    plain.tables.map(kHigh + (std::uint64_t{1} << 39), kOld);
    EXPECT_EQ(plain.reads(kHigh), 5U);
    EXPECT_EQ(plain.reads(kHigh + (std::uint64_t{1} << 39)), 4U);
    (void)plain.unit.invalidate(Invalidation::page(kHigh));
    EXPECT_EQ(plain.reads(kHigh), 5U);
}

TEST(TranslationUnit, AnAddressThatIsNotCanonicalNeverReachesTheTables) {
    PlainUnit plain;
    plain.tables.map(VirtAddr{0}, kOld);
    EXPECT_EQ(plain.frame(VirtAddr{0}), kOld);
    const VirtAddr outside{std::uint64_t{1} << 63};
    EXPECT_EQ(plain.unit.access(outside, PlainUnit::kRead).result, x86::AccessOutcome::general_protection());
    EXPECT_EQ(plain.reads(outside), 0U);
    EXPECT_EQ(plain.reads(VirtAddr{0}), 0U);  // #GP drops nothing
}

// AMD APM Vol. 3, INVLPGB: kPage and kNext, each under PCID 0 with the flags, and kPage under kOther.
struct Broadcast : PlainUnit {
    explicit Broadcast(std::uint64_t flags = PlainTables::kUsed) {
        for (const VirtAddr va : {kPage, kNext}) tables.map(va, kOld, flags);
        switch_to(kOther);
        (void)frame(kPage);
        switch_to(Pcid{0});
        for (const VirtAddr va : {kPage, kNext}) {
            (void)frame(va);
            tables.map(va, kNew, flags);
        }
    }
    // Which of the three are fresh afterwards: "P" kPage, "N" kNext, "O" kPage under kOther.
    std::string fresh_after(const x86::Invlpgb& invalidation) {
        unit.apply(invalidation);
        std::string out;
        if (frame(kPage) == kNew) out += "P";
        if (frame(kNext) == kNew) out += "N";
        switch_to(kOther);
        if (frame(kPage) == kNew) out += "O";
        return out;
    }
};

TEST(TranslationUnit, InvlpgbReachesTheAddressesThatItNames) {
    x86::Invlpgb one;
    one.addresses = x86::Invlpgb::Addresses::range;
    one.first = kPage;
    EXPECT_EQ(Broadcast{}.fresh_after(one), "PO");
    x86::Invlpgb two = one;
    two.pages = 2;
    EXPECT_EQ(Broadcast{}.fresh_after(two), "PNO");
    two.stride = x86::Invlpgb::Stride::m2;
    EXPECT_EQ(Broadcast{}.fresh_after(two), "PO");
    EXPECT_EQ(Broadcast{}.fresh_after({}), "PNO");
}

TEST(TranslationUnit, InvlpgbReachesThePcidThatItNames) {
    x86::Invlpgb own;
    own.addresses = x86::Invlpgb::Addresses::range;
    own.contexts = x86::Invlpgb::Contexts::one;
    own.first = kPage;
    EXPECT_EQ(Broadcast{}.fresh_after(own), "P");
    own.pcid = kOther;
    EXPECT_EQ(Broadcast{}.fresh_after(own), "O");
    own.addresses = x86::Invlpgb::Addresses::all;
    own.pcid = Pcid{0};
    EXPECT_EQ(Broadcast{}.fresh_after(own), "PN");
}

TEST(TranslationUnit, InvlpgbSparesGlobalEntriesUnlessTheyAreIncluded) {
    for (const auto addresses : {x86::Invlpgb::Addresses::all, x86::Invlpgb::Addresses::range})
        for (const auto contexts : {x86::Invlpgb::Contexts::all, x86::Invlpgb::Contexts::one}) {
            x86::Invlpgb invalidation;
            invalidation.addresses = addresses;
            invalidation.contexts = contexts;
            invalidation.first = kPage;
            invalidation.pages = 2;
            EXPECT_EQ(Broadcast{kGlobal}.fresh_after(invalidation), "PNO");
            invalidation.global = x86::Invlpgb::Global::kept;
            EXPECT_EQ(Broadcast{kGlobal}.fresh_after(invalidation), "");
        }
}

TEST(TranslationUnit, InvlpgbOfFinalTranslationsKeepsThePagingStructureCaches) {
    x86::Invlpgb invalidation;
    invalidation.addresses = x86::Invlpgb::Addresses::range;
    invalidation.first = kPage;
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    (void)plain.frame(kPage);
    invalidation.structures = x86::Invlpgb::Structures::kept;
    plain.unit.apply(invalidation);
    EXPECT_EQ(plain.reads(kPage), 1U);
    invalidation.structures = x86::Invlpgb::Structures::dropped;
    plain.unit.apply(invalidation);
    EXPECT_EQ(plain.reads(kPage), 4U);
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
