#include "hw/x86/walk.h"

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "tests/x86/accesses.h"

namespace splinter::x86 {
namespace {

constexpr std::uint64_t kTable = Pte::kPresent | Pte::kWritable | Pte::kUser | Pte::kAccessed;
constexpr std::uint64_t kLeaf = kTable | Pte::kDirty;
constexpr VirtAddr kWalkedVa{0x00007f1234567890};

Pte table(std::uint64_t pfn = 0x100) { return Pte::table(Pfn{pfn}, kTable); }

// A walk that has come to the entry of `level` through tables that give every right.
Walk at(Level level, const PagingState& state = {}) {
    Walk walk{kWalkedVa, Pfn{1}, state};
    while (walk.point().level != level) walk.step(table());
    return walk;
}

std::optional<WalkFailure::Reason> failure_of(Level level, std::uint64_t entry, const PagingState& state = {}) {
    Walk walk = at(level, state);
    walk.step(Pte{entry});
    return walk.failure() ? std::optional{walk.failure()->reason} : std::nullopt;
}

void expect_reserved(Level level, std::uint64_t entry, const PagingState& state = {}) {
    EXPECT_EQ(failure_of(level, entry, state), WalkFailure::Reason::reserved_bit) << level.number() << std::hex << " " << entry;
}

void expect_allowed(Level level, std::uint64_t entry, const PagingState& state = {}) {
    EXPECT_EQ(failure_of(level, entry, state), std::nullopt) << level.number() << std::hex << " " << entry;
}

PagingState five_levels() {
    PagingState state;
    state.la57 = true;
    return state;
}

TEST(Walk, FourLevelsReadOneEntryOfEachTable) {
    Walk walk{kWalkedVa, Pfn{1}, PagingState{}};
    for (const std::uint64_t entry : {0x17f0, 0x2240, 0x3d10, 0x4b38}) {
        EXPECT_FALSE(walk.done());
        EXPECT_EQ(walk.entry_address(), PhysAddr{entry});
        walk.step(table((entry >> 12) + 1));
    }
    ASSERT_TRUE(walk.done());
    EXPECT_EQ(walk.result()->frame, Pfn{5});
    EXPECT_EQ(walk.result()->size, PageSize::k4);
}

TEST(Walk, FiveLevelsBeginWithBits56To48) {
    Walk walk{VirtAddr{0x00ab7f1234567890}, Pfn{1}, five_levels()};
    EXPECT_EQ(walk.point().level, kPml5e);
    EXPECT_EQ(walk.entry_address(), PhysAddr{0x1000 + 0xab * 8});
    for (int i = 0; i < 4; ++i) walk.step(table());
    EXPECT_FALSE(walk.done());
    walk.step(table());
    EXPECT_TRUE(walk.result().has_value());
}

TEST(Walk, PsMakesALeafOfAPdeAndAPdpteOnly) {
    for (const auto& [level, size] : {std::pair{kPde, PageSize::m2}, std::pair{kPdpte, PageSize::g1}}) {
        Walk walk = at(level);
        walk.step(Pte::leaf(Pfn{0x40000 * 3}, size, kLeaf));
        ASSERT_TRUE(walk.result().has_value());
        EXPECT_EQ(walk.result()->size, size);
        EXPECT_EQ(walk.result()->frame, Pfn{0x40000 * 3});
    }
    Walk pte = at(kPte);  // bit 7 is PAT there
    pte.step(Pte{(std::uint64_t{5} << 12) | kLeaf | Pte::kPageSizeBit});
    EXPECT_EQ(pte.result()->size, PageSize::k4);
    EXPECT_EQ(pte.result()->frame, Pfn{5});
}

TEST(Walk, PatOfALargeLeafIsNotPartOfItsAddress) {
    Walk walk = at(kPde);
    walk.step(Pte{0x40000000 | kLeaf | Pte::kPageSizeBit | (1U << 12)});
    EXPECT_EQ(walk.result()->frame, Pfn{0x40000});
}

TEST(Walk, AnEntryThatIsNotPresentEndsItWhateverTheOtherBitsAre) {
    for (const Level level : {kPml4e, kPdpte, kPde, kPte}) {
        Walk walk = at(level);
        walk.step(Pte{~std::uint64_t{1}});
        ASSERT_TRUE(walk.done());
        EXPECT_FALSE(walk.result().has_value());
        EXPECT_EQ(*walk.failure(), (WalkFailure{WalkFailure::Reason::not_present, level, Pte{~std::uint64_t{1}}}));
    }
}

TEST(Walk, AddressBitsFromMaxphyaddrAreReservedAtEveryLevel) {
    PagingState state = five_levels();
    state.maxphyaddr = 40;
    for (const Level level : {kPml5e, kPml4e, kPdpte, kPde, kPte}) {
        expect_reserved(level, kTable | std::uint64_t{1} << 40, state);
        expect_reserved(level, kTable | std::uint64_t{1} << 51, state);
        expect_allowed(level, kTable | std::uint64_t{1} << 39, state);
        expect_allowed(level, kTable | std::uint64_t{1} << 52, state);
    }
    state.maxphyaddr = 52;
    expect_allowed(kPte, kTable | std::uint64_t{1} << 51, state);
}

TEST(Walk, PsIsReservedAbovePdptes) {
    expect_reserved(kPml4e, kTable | Pte::kPageSizeBit);
    expect_reserved(kPml5e, kTable | Pte::kPageSizeBit, five_levels());
    expect_allowed(kPdpte, kTable | Pte::kPageSizeBit);
}

TEST(Walk, BitsBelowALargePagesAddressAreReservedButPat) {
    const std::uint64_t large = kLeaf | Pte::kPageSizeBit;
    for (const unsigned bit : {13U, 20U}) expect_reserved(kPde, large | 1U << bit);
    for (const unsigned bit : {12U, 21U}) expect_allowed(kPde, large | 1U << bit);
    for (const unsigned bit : {13U, 29U}) expect_reserved(kPdpte, large | 1U << bit);
    for (const unsigned bit : {12U, 30U}) expect_allowed(kPdpte, large | 1U << bit);
    expect_allowed(kPde, kTable | 1U << 13);  // not a leaf
}

TEST(Walk, XdIsReservedWithoutNxe) {
    PagingState without;
    without.nxe = false;
    for (const Level level : {kPml4e, kPdpte, kPde, kPte}) {
        expect_reserved(level, kTable | Pte::kNoExecute, without);
        expect_allowed(level, kTable | Pte::kNoExecute);
    }
}

TEST(Walk, IgnoredBitsAreIgnored) {
    constexpr std::uint64_t kIgnored = 0x7ff0000000000e00;
    for (const Level level : {kPml4e, kPdpte, kPde, kPte}) {
        const std::uint64_t no_table_has_these = level == kPte ? 0 : Pte::kDirty | Pte::kGlobal;
        expect_allowed(level, kTable | kIgnored | no_table_has_these);
    }
}

TEST(Walk, RightsAreThoseOfAllLevels) {
    for (const Level level : {kPml4e, kPdpte, kPde, kPte}) {
        const auto rights_without = [&](std::uint64_t cleared, std::uint64_t set) {
            Walk walk = at(level);
            walk.step(Pte{((table().raw() | set) & ~cleared)});
            while (!walk.done()) walk.step(table());
            return walk.result()->rights;
        };
        EXPECT_FALSE(rights_without(Pte::kWritable, 0).writable);
        EXPECT_FALSE(rights_without(Pte::kUser, 0).user);
        EXPECT_TRUE(rights_without(0, Pte::kNoExecute).no_execute);
        EXPECT_TRUE(rights_without(0, 0).writable);
        EXPECT_TRUE(rights_without(0, 0).user);
        EXPECT_FALSE(rights_without(0, 0).no_execute);
    }
}

TEST(Walk, KeyGlobalAndDirtyComeFromTheLeafOnly) {
    constexpr std::uint64_t kOfLeaves = std::uint64_t{9} << Pte::kKeyShift | Pte::kGlobal | Pte::kDirty;
    Walk in_leaf = at(kPte);
    in_leaf.step(Pte{kTable | kOfLeaves});
    EXPECT_EQ(in_leaf.result()->rights.key, 9);
    EXPECT_TRUE(in_leaf.result()->rights.global);
    EXPECT_TRUE(in_leaf.result()->rights.dirty);
    Walk in_table = at(kPde);
    in_table.step(Pte{table().raw() | kOfLeaves});
    in_table.step(table());
    EXPECT_EQ(in_table.result()->rights.key, 0);
    EXPECT_FALSE(in_table.result()->rights.global);
    EXPECT_FALSE(in_table.result()->rights.dirty);
}

TEST(Walk, APageIsGlobalOnlyUnderPge) {
    PagingState state;
    state.pge = false;
    Walk walk = at(kPte, state);
    walk.step(Pte{kLeaf | Pte::kGlobal});
    EXPECT_FALSE(walk.result()->rights.global);
}

TEST(Walk, EveryUsedEntryNeedsA) {
    for (const Level level : {kPml4e, kPdpte, kPde, kPte})
        EXPECT_EQ(at(level).flags_to_set(table(), kUserRead, PagingState{}), Pte::kAccessed);
}

TEST(Walk, EntriesThatEndTheWalkNeedNothing) {
    EXPECT_EQ(at(kPte).flags_to_set(Pte{kTable & ~Pte::kPresent}, kUserRead, PagingState{}), 0U);
    EXPECT_EQ(at(kPml4e).flags_to_set(Pte{kTable | Pte::kPageSizeBit}, kUserRead, PagingState{}), 0U);
}

TEST(Walk, OnlyTheLeafOfAWriteNeedsD) {
    for (const Level level : {kPml4e, kPdpte, kPde})
        EXPECT_EQ(at(level).flags_to_set(table(), kUserWrite, PagingState{}), Pte::kAccessed);
    EXPECT_EQ(at(kPte).flags_to_set(Pte{kTable}, kUserWrite, PagingState{}), Pte::kAccessed | Pte::kDirty);
    EXPECT_EQ(at(kPte).flags_to_set(Pte{kTable}, kUserFetch, PagingState{}), Pte::kAccessed);
    EXPECT_EQ(at(kPde).flags_to_set(Pte{kTable | Pte::kPageSizeBit}, kUserWrite, PagingState{}), Pte::kAccessed | Pte::kDirty);
}

TEST(Walk, AForbiddenWriteNeedsNoD) {
    EXPECT_EQ(at(kPte).flags_to_set(Pte{kTable & ~Pte::kWritable}, kUserWrite, PagingState{}), Pte::kAccessed);
    Walk below_read_only = at(kPde);
    below_read_only.step(Pte{table().raw() & ~Pte::kWritable});
    EXPECT_EQ(below_read_only.flags_to_set(Pte{kTable}, kUserWrite, PagingState{}), Pte::kAccessed);
    PagingState state;
    state.pkru = KeyRights{2U << 2};  // WD of key 1
    EXPECT_EQ(at(kPte, state).flags_to_set(Pte{kTable | std::uint64_t{1} << Pte::kKeyShift}, kUserWrite, state),
              Pte::kAccessed);
}

TEST(Walk, CanGoOnFromACachedPoint) {
    Rights read_only;
    read_only.writable = false;
    Walk walk{kWalkedVa, WalkPoint{kPte, PathRights{read_only}, Pfn{7}}, PagingState{}};
    EXPECT_EQ(walk.entry_address(), PhysAddr{0x7b38});
    walk.step(table());
    EXPECT_FALSE(walk.result()->rights.writable);
}

TEST(Walk, TakesNoEntryAfterItsEnd) {
    Walk walk = at(kPte);
    walk.step(Pte{});
    EXPECT_THROW(walk.step(Pte{}), InternalError);
}

TEST(WalkFault, AMissingEntryHasNoP) {
    const WalkFailure failure{WalkFailure::Reason::not_present, kPte, Pte{}};
    EXPECT_EQ(page_fault(kWalkedVa, kUserWrite, failure, PagingState{}), (PageFault{kWalkedVa, 6}));
    EXPECT_EQ(page_fault(kWalkedVa, Access{}, failure, PagingState{}), (PageFault{kWalkedVa, 0}));
}

TEST(WalkFault, AReservedBitComesWithP) {
    const WalkFailure failure{WalkFailure::Reason::reserved_bit, kPte, Pte{kTable}};
    EXPECT_EQ(page_fault(kWalkedVa, kUserRead, failure, PagingState{}), (PageFault{kWalkedVa, 0xd}));
}

TEST(WalkFault, FetchesAreToldApartUnderNxeOrSmepOnly) {
    const WalkFailure failure{WalkFailure::Reason::not_present, kPte, Pte{}};
    for (const bool nxe : {false, true})
        for (const bool smep : {false, true}) {
            PagingState state;
            state.nxe = nxe;
            state.smep = smep;
            EXPECT_EQ(page_fault(kWalkedVa, kUserFetch, failure, state).error_code, nxe || smep ? 0x14U : 0x4U);
        }
}

}  // namespace
}  // namespace splinter::x86
