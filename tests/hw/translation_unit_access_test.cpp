// Accesses of a TranslationUnit while page tables change: faults, A and D, keys, large pages split and joined (SDM Vol. 3A 4.8,
// 4.10.4).
#include "hw/mmu/translation_unit.h"

#include "tests/hw/plain_tables.h"

namespace splinter::hw {
namespace {

using namespace testing;
using x86::Invalidation;
using x86::PageSize;
using x86::Pte;

TEST(TranslationUnitAccess, AKeyRegisterCountsAtOnceAndForCachedEntries) {
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

TEST(TranslationUnitAccess, ThePageFaultOfAnAddressDropsWhatIsCachedForIt) {
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

TEST(TranslationUnitAccess, APageFaultDropsThePagingStructureEntriesOfItsAddress) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld);
    plain.tables.entry(kNext) = Pte{};
    EXPECT_EQ(plain.reads(kPage), 4U);
    EXPECT_EQ(plain.reads(kNext), 1U);  // a fault, by the cached PDE
    EXPECT_EQ(plain.reads(kNext), 4U);
}

TEST(TranslationUnitAccess, AnEntryThatIsNotPresentOrReservedIsNeverCached) {
    PlainUnit plain;
    plain.tables.map(kPage, kNew, PlainTables::kUsed & ~Pte::kPresent);
    EXPECT_EQ(plain.frame(kPage), std::nullopt);
    plain.tables.entry(kPage) = Pte::leaf(kNew, PageSize::k4, PlainTables::kUsed).with(std::uint64_t{1} << 51);
    EXPECT_EQ(plain.frame(kPage), std::nullopt);
    plain.tables.map(kPage, kNew);
    EXPECT_EQ(plain.frame(kPage), kNew);
}

TEST(TranslationUnitAccess, AfterASplitInvlpgOfAnyAddressLeavesNothingOfTheLargePage) {
    for (const std::uint64_t flags : {PlainTables::kUsed, PlainTables::kGlobal}) {
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

TEST(TranslationUnitAccess, AfterACollapseInvlpgOfOneSmallPageLeavesTheOthers) {
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

TEST(TranslationUnitAccess, AWriteThroughACleanEntryWalksAgainAndSeesMemory) {
    PlainUnit plain;
    plain.tables.map(kPage, kOld, PlainTables::kUsed & ~Pte::kDirty);
    EXPECT_EQ(plain.frame(kPage), kOld);
    plain.tables.map(kPage, kNew, PlainTables::kUsed & ~Pte::kDirty);
    EXPECT_EQ(plain.frame(kPage), kOld);
    EXPECT_EQ(plain.frame(kPage, PlainUnit::kWrite), kNew);
    EXPECT_TRUE(plain.tables.entry(kPage).has(Pte::kDirty));
    EXPECT_EQ(plain.reads(kPage, PlainUnit::kWrite), 0U);
}

TEST(TranslationUnitAccess, DClearedInMemoryIsSetAgainAfterAnInvalidationOnly) {
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

TEST(TranslationUnitAccess, AnUpperEntryServesItsNeighboursUntilItIsInvalidated) {
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

TEST(TranslationUnitAccess, ReadsWritesAndFetchesOfOnePageAreInvalidatedTogether) {
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

TEST(TranslationUnitAccess, AnEntryThatChangesUnderTheLockedOperationIsUsedAsItThenIs) {
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

TEST(TranslationUnitAccess, AWalkThatAnInvalidationCrossesStartsAgain) {
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

TEST(TranslationUnitAccess, FiveLevelsReadFiveEntriesAndCacheThePml5e) {
    PlainUnit plain{{}, x86::kPml5e};
    constexpr VirtAddr kHigh{0x00a0000000000000U};  // canonical with 57 bits only
    plain.tables.map(kHigh, kOld);
    plain.tables.map(kHigh + (std::uint64_t{1} << 39), kOld);
    EXPECT_EQ(plain.reads(kHigh), 5U);
    EXPECT_EQ(plain.reads(kHigh + (std::uint64_t{1} << 39)), 4U);
    (void)plain.unit.invalidate(Invalidation::page(kHigh));
    EXPECT_EQ(plain.reads(kHigh), 5U);
}

TEST(TranslationUnitAccess, AnAddressThatIsNotCanonicalNeverReachesTheTables) {
    PlainUnit plain;
    plain.tables.map(VirtAddr{0}, kOld);
    EXPECT_EQ(plain.frame(VirtAddr{0}), kOld);
    const VirtAddr outside{std::uint64_t{1} << 63};
    EXPECT_EQ(plain.unit.access(outside, PlainUnit::kRead).result, x86::AccessOutcome::general_protection());
    EXPECT_EQ(plain.reads(outside), 0U);
    EXPECT_EQ(plain.reads(VirtAddr{0}), 0U);  // #GP drops nothing
}

}  // namespace
}  // namespace splinter::hw
