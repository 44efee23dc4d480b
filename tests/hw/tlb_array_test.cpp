#include "hw/mmu/tlb_array.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "hw/base/user_error.h"
#include "tests/hw/pages.h"

namespace splinter::hw {
namespace {

using x86::PageSize;

constexpr Pcid kKernel{0};
constexpr Pcid kUser{1};

TlbArray array_of(std::uint64_t entries, std::uint64_t ways, const char* sizes = "4k") {
    return TlbArray{TlbParams{entries, ways, sizes, "linear", "lru"}};
}

x86::Translation to_frame(std::uint64_t frame) { return {Pfn{frame}, PageSize::k4, {}}; }

x86::Translation global_frame(std::uint64_t frame) {
    x86::Translation translation = to_frame(frame);
    translation.rights.global = true;
    return translation;
}

void fill(TlbArray& tlb, std::initializer_list<std::uint64_t> pages, Pcid pcid = kKernel) {
    for (std::uint64_t number : pages) tlb.insert(page(number), pcid, to_frame(number));
}

// The pages that the array holds, whatever their PCID; leaves the order of use alone.
std::set<std::uint64_t> pages_in(const TlbArray& tlb) {
    std::set<std::uint64_t> pages;
    tlb.for_each([&](const CachedTranslation& cached) { pages.insert(cached.page.raw() >> kPageShift); });
    return pages;
}

using Pages = std::set<std::uint64_t>;

class RecordingListener : public StaleListener {
  public:
    std::vector<std::uint64_t> dropped;
    void on_stale_drop(VirtAddr page, PageSize) override { dropped.push_back(page.raw() >> kPageShift); }
};

TEST(TlbArray, MissesWhatWasNeverFilled) { EXPECT_EQ(array_of(8, 4).lookup(page(1), PageSize::k4, kKernel), nullptr); }

TEST(TlbArray, HitsAnyAddressOfAFilledPage) {
    TlbArray tlb = array_of(8, 4);
    tlb.insert(page(5) + 0x123, kKernel, to_frame(77));
    const CachedEntry* hit = tlb.lookup(page(5) + 0xfff, PageSize::k4, kKernel);
    ASSERT_NE(hit, nullptr);
    EXPECT_EQ(hit->translation().frame, Pfn{77});
    EXPECT_EQ(tlb.lookup(page(6), PageSize::k4, kKernel), nullptr);
}

TEST(TlbArray, ASecondFillOfAPageReplacesTheFirst) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2, 3, 4});
    tlb.insert(page(2), kKernel, to_frame(99));
    EXPECT_EQ(pages_in(tlb), (Pages{1, 2, 3, 4}));
    EXPECT_EQ(tlb.lookup(page(2), PageSize::k4, kKernel)->translation().frame, Pfn{99});
}

TEST(TlbArray, HoldsItsCapacityAndNotOneMore) {
    TlbArray tlb = array_of(8, 2);
    fill(tlb, {0, 1, 2, 3, 4, 5, 6, 7});
    EXPECT_EQ(pages_in(tlb).size(), 8U);
    fill(tlb, {8});
    EXPECT_EQ(pages_in(tlb), (Pages{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(TlbArray, TheLeastRecentlyUsedWayIsTheVictim) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2, 3, 4});
    EXPECT_NE(tlb.lookup(page(1), PageSize::k4, kKernel), nullptr);
    fill(tlb, {5});
    EXPECT_EQ(pages_in(tlb), (Pages{1, 3, 4, 5}));
}

TEST(TlbArray, AnInvalidWayIsFilledBeforeAValidOneIsReplaced) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2, 3, 4});
    tlb.drop_address(page(3), kKernel, Globals::dropped);
    fill(tlb, {5});
    EXPECT_EQ(pages_in(tlb), (Pages{1, 2, 4, 5}));
}

TEST(TlbArray, PagesOfOneSetConflictWhileOtherSetsAreEmpty) {
    TlbArray tlb = array_of(8, 2);  // four sets
    fill(tlb, {0, 4, 8});
    EXPECT_EQ(pages_in(tlb), (Pages{4, 8}));
}

TEST(TlbArray, AFillAfterAMissReplacesTheVictim) {
    TlbArray tlb = array_of(2, 2);
    fill(tlb, {1, 2, 3});
    EXPECT_EQ(tlb.lookup(page(4), PageSize::k4, kKernel), nullptr);
    fill(tlb, {4});
    EXPECT_EQ(pages_in(tlb), (Pages{3, 4}));
}

TEST(TlbArray, AFlushBetweenAMissAndItsFillLeavesNothingElse) {
    TlbArray tlb = array_of(2, 2);
    fill(tlb, {1, 2, 3});
    EXPECT_EQ(tlb.lookup(page(4), PageSize::k4, kKernel), nullptr);
    tlb.drop_all();
    fill(tlb, {4});
    EXPECT_EQ(pages_in(tlb), (Pages{4}));
}

TEST(TlbArray, AnInvalidationBetweenAMissAndItsFillMakesRoom) {
    TlbArray tlb = array_of(2, 2);
    fill(tlb, {1, 2, 3});
    EXPECT_EQ(tlb.lookup(page(4), PageSize::k4, kKernel), nullptr);
    tlb.drop_address(page(3), kKernel, Globals::kept);
    fill(tlb, {4});
    EXPECT_EQ(pages_in(tlb), (Pages{2, 4}));
}

TEST(TlbArray, APageThatWasFilledSinceItsMissIsNotFilledTwice) {
    TlbArray tlb = array_of(2, 2);
    fill(tlb, {1, 2, 3});
    EXPECT_EQ(tlb.lookup(page(4), PageSize::k4, kKernel), nullptr);
    tlb.insert(page(4), kUser, global_frame(10));
    tlb.insert(page(4), kKernel, to_frame(11));
    EXPECT_EQ(pages_in(tlb), (Pages{3, 4}));
    EXPECT_EQ(tlb.lookup(page(4), PageSize::k4, kKernel)->translation().frame, Pfn{11});
}

TEST(TlbArray, LargePagesAreIndexedByTheirOwnNumber) {
    TlbArray tlb = array_of(4, 1, "2m");
    for (std::uint64_t number = 0; number < 4; ++number)
        tlb.insert(VirtAddr{number << 21}, kKernel, {Pfn{number * 512}, PageSize::m2, {}});
    for (std::uint64_t number = 0; number < 4; ++number) {
        const CachedEntry* hit = tlb.lookup(VirtAddr{(number << 21) + 0x1fffff}, PageSize::m2, kKernel);
        ASSERT_NE(hit, nullptr);
        EXPECT_EQ(hit->translation().frame, Pfn{number * 512});
    }
}

TEST(TlbArray, PcidsDoNotSeeEachOther) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, to_frame(10));
    tlb.insert(page(1), kUser, to_frame(20));
    EXPECT_EQ(tlb.lookup(page(1), PageSize::k4, kKernel)->translation().frame, Pfn{10});
    EXPECT_EQ(tlb.lookup(page(1), PageSize::k4, kUser)->translation().frame, Pfn{20});
    EXPECT_EQ(tlb.lookup(page(1), PageSize::k4, Pcid{2}), nullptr);
}

TEST(TlbArray, GlobalEntriesServeEveryPcid) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, global_frame(10));
    EXPECT_NE(tlb.lookup(page(1), PageSize::k4, Pcid{4095}), nullptr);
}

TEST(TlbArray, InvalidatingAPageLeavesItsNeighbours) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2});
    tlb.drop_address(page(1) + 0x800, kKernel, Globals::dropped);
    EXPECT_EQ(pages_in(tlb), (Pages{2}));
}

TEST(TlbArray, InvalidatingAPageLeavesOtherPcids) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kUser);
    tlb.drop_address(page(1), kKernel, Globals::dropped);
    EXPECT_EQ(pages_in(tlb), (Pages{1}));
}

// SDM Vol. 3A 4.10.4.1: INVLPG drops global entries of the address, whatever the PCID.
TEST(TlbArray, InvalidatingAPageDropsItsGlobalEntryUnderAnyPcid) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, global_frame(10));
    tlb.drop_address(page(1), kUser, Globals::dropped);
    EXPECT_EQ(pages_in(tlb), Pages{});
}

TEST(TlbArray, InvalidatingAPageDropsAnOwnAndAGlobalEntryTogether) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kUser, to_frame(20));
    tlb.insert(page(1), kKernel, global_frame(10));
    tlb.drop_address(page(1), kUser, Globals::dropped);
    EXPECT_EQ(pages_in(tlb), Pages{});
}

TEST(TlbArray, InvalidatingAPcidKeepsGlobalEntriesAndOtherPcids) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kKernel);
    fill(tlb, {2}, kUser);
    tlb.insert(page(3), kKernel, global_frame(3));
    tlb.drop_pcid(kKernel);
    EXPECT_EQ(pages_in(tlb), (Pages{2, 3}));
}

TEST(TlbArray, EntriesFilledAfterAFlushAreValid) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1});
    tlb.drop_pcid(kKernel);
    tlb.drop_all();
    fill(tlb, {2});
    EXPECT_EQ(pages_in(tlb), (Pages{2}));
}

TEST(TlbArray, InvalidatingEverythingDropsGlobalEntriesAndEveryPcid) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kUser);
    tlb.insert(page(3), kKernel, global_frame(3));
    tlb.drop_all();
    EXPECT_EQ(pages_in(tlb), Pages{});
}

TEST(TlbArray, ReportsAnAddressOfTheUpperHalfAsItWas) {
    TlbArray tlb = array_of(4, 4);
    const VirtAddr kernel{0xffff888012345000U};
    tlb.insert(kernel, kUser, to_frame(1));
    tlb.for_each([&](const CachedTranslation& cached) {
        EXPECT_EQ(cached.page, kernel);
        EXPECT_EQ(cached.pcid, kUser);
    });
    EXPECT_EQ(pages_in(tlb).size(), 1U);
}

class StaleTlb : public ::testing::Test {
  protected:
    StaleTlb() { tlb_.set_listener(&listener_); }
    // Marks and returns the pages that the array reported.
    std::vector<std::uint64_t> mark(std::uint64_t first, std::uint64_t count) {
        std::vector<std::uint64_t> marked;
        tlb_.mark_stale_range(page(first), count * kPageBytes,
                              [&](VirtAddr va, PageSize) { marked.push_back(va.raw() >> kPageShift); });
        return marked;
    }
    using Dropped = std::vector<std::uint64_t>;
    TlbArray tlb_ = array_of(4, 2);
    RecordingListener listener_;
};

TEST_F(StaleTlb, MarksExactlyTheEntriesOfTheRange) {
    fill(tlb_, {1, 2, 4});
    EXPECT_EQ(mark(2, 2), (Dropped{2}));
    EXPECT_TRUE(tlb_.lookup(page(2), PageSize::k4, kKernel)->stale());
    EXPECT_FALSE(tlb_.lookup(page(1), PageSize::k4, kKernel)->stale());
    EXPECT_FALSE(tlb_.lookup(page(4), PageSize::k4, kKernel)->stale());
}

TEST_F(StaleTlb, MarksARangeThatIsLargerThanTheArray) {
    fill(tlb_, {1, 2});
    EXPECT_EQ(mark(0, 1000).size(), 2U);
}

TEST_F(StaleTlb, DoesNotMarkWhatWasInvalidated) {
    fill(tlb_, {1});
    tlb_.drop_pcid(kKernel);
    EXPECT_EQ(mark(0, 8), Dropped{});
}

TEST_F(StaleTlb, ReportsTheDropByInvalidation) {
    fill(tlb_, {1});
    mark(1, 1);
    tlb_.drop_address(page(1), kKernel, Globals::dropped);
    EXPECT_EQ(listener_.dropped, (Dropped{1}));
}

TEST_F(StaleTlb, ReportsTheDropByReplacement) {
    fill(tlb_, {0, 2});
    mark(0, 1);
    fill(tlb_, {4});  // the same set of two ways
    EXPECT_EQ(listener_.dropped, (Dropped{0}));
}

TEST_F(StaleTlb, ReportsTheDropByARefillOfThePage) {
    fill(tlb_, {1});
    mark(1, 1);
    fill(tlb_, {1});
    EXPECT_EQ(listener_.dropped, (Dropped{1}));
    EXPECT_FALSE(tlb_.lookup(page(1), PageSize::k4, kKernel)->stale());
}

TEST_F(StaleTlb, ReportsTheDropByAFlushOfItsPcidOnly) {
    fill(tlb_, {1}, kKernel);
    fill(tlb_, {2}, kUser);
    mark(1, 2);
    tlb_.drop_pcid(kUser);
    EXPECT_EQ(listener_.dropped, (Dropped{2}));
}

TEST_F(StaleTlb, ReportsEachDropOnce) {
    fill(tlb_, {1});
    mark(1, 1);
    tlb_.drop_all();
    tlb_.drop_all();
    fill(tlb_, {1, 3, 5});
    EXPECT_EQ(listener_.dropped, (Dropped{1}));
}

TEST_F(StaleTlb, DoesNotReportEntriesThatAreNotStale) {
    fill(tlb_, {1, 3, 5});
    tlb_.drop_all();
    EXPECT_EQ(listener_.dropped, Dropped{});
}

TEST(TlbArray, KeepsThePageSizesOfOneArrayApart) {
    TlbArray tlb = array_of(8, 4, "4k+2m");
    tlb.insert(page(0), kKernel, to_frame(1));
    tlb.insert(page(0), kKernel, {Pfn{512}, PageSize::m2, {}});
    EXPECT_EQ(tlb.lookup(page(0), PageSize::k4, kKernel)->translation().frame, Pfn{1});
    EXPECT_EQ(tlb.lookup(page(0), PageSize::m2, kKernel)->translation().frame, Pfn{512});
}

// SDM Vol. 3A 4.10.4.1: INVLPG drops the address at every page size.
TEST(TlbArray, DroppingAnAddressDropsItAtEveryPageSize) {
    TlbArray tlb = array_of(8, 4, "4k+2m");
    tlb.insert(page(3), kKernel, to_frame(1));
    tlb.insert(page(0), kKernel, {Pfn{512}, PageSize::m2, {}});
    tlb.drop_address(page(3), kKernel, Globals::dropped);
    EXPECT_EQ(pages_in(tlb), Pages{});
}

TEST(TlbArray, DroppingAnAddressKeepsItsGlobalEntryIfAsked) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, global_frame(10));
    tlb.drop_address(page(1), kKernel, Globals::kept);
    EXPECT_EQ(pages_in(tlb), (Pages{1}));
}

TEST(TlbArray, DroppingAnAddressEverywhereTakesEveryPcid) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2}, kKernel);
    fill(tlb, {1}, kUser);
    tlb.insert(page(3), kKernel, global_frame(3));
    tlb.drop_address_everywhere(page(1), Globals::kept);
    EXPECT_EQ(pages_in(tlb), (Pages{2, 3}));
    tlb.drop_address_everywhere(page(3), Globals::kept);
    EXPECT_EQ(pages_in(tlb), (Pages{2, 3}));
    tlb.drop_address_everywhere(page(3), Globals::dropped);
    EXPECT_EQ(pages_in(tlb), (Pages{2}));
}

TEST(TlbArray, DropsGlobalEntriesAndTheOthersApart) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kKernel);
    fill(tlb, {2}, kUser);
    tlb.insert(page(3), kKernel, global_frame(3));
    TlbArray twin = tlb;
    tlb.drop_global();
    EXPECT_EQ(pages_in(tlb), (Pages{1, 2}));
    twin.drop_non_global();
    EXPECT_EQ(pages_in(twin), (Pages{3}));
}

TEST(TlbArray, AnOddNumberOfWaysHoldsThatManyEntries) {
    TlbArray tlb = array_of(3, 3);
    fill(tlb, {1, 2, 3, 4});
    EXPECT_EQ(pages_in(tlb), (Pages{2, 3, 4}));
}

// TLB;DR (USENIX Security 2022): Skylake's L2 TLB XORs seven bits of the page number with the seven above them.
TEST(TlbArray, AFoldedIndexSpreadsWhatALinearOnePutsIntoOneSet) {
    TlbParams params{128, 1, "4k", "folded", "lru"};
    TlbArray folded{params};
    fill(folded, {0, 128, 128 + 1});  // 128 folds to set 1, 129 to set 0
    EXPECT_EQ(pages_in(folded), (Pages{128, 129}));
    params.index = "linear";
    TlbArray linear{params};
    fill(linear, {0, 128, 128 + 1});
    EXPECT_EQ(pages_in(linear), (Pages{128, 129}));
    fill(folded, {1});  // and conflicts with 128, which a linear index keeps apart
    EXPECT_EQ(pages_in(folded), (Pages{1, 129}));
}

TEST(TlbArray, UsingAnEntryAgainKeepsItFromBeingTheVictim) {
    TlbArray tlb = array_of(2, 2);
    fill(tlb, {1});
    const CachedEntry* first = tlb.lookup(page(1), PageSize::k4, kKernel);
    fill(tlb, {2});
    tlb.use_again(first);
    fill(tlb, {3});
    EXPECT_EQ(pages_in(tlb), (Pages{1, 3}));
}

TEST(TlbArray, DropsOfAFlushedSetTouchNothingThatCameLater) {
    TlbArray tlb = array_of(2, 1);
    fill(tlb, {0, 1});
    tlb.drop_all();
    fill(tlb, {2});
    tlb.drop_address(page(0), kKernel, Globals::dropped);
    tlb.drop_pcid(kUser);
    EXPECT_EQ(pages_in(tlb), (Pages{2}));
}

void expect_refused(const TlbParams& params, const std::string& message) {
    try {
        params.check("hw.mmu.test");
        FAIL() << "accepted";
    } catch (const UserError& error) {
        EXPECT_EQ(std::string{error.what()}, "hw.mmu.test: found " + message);
    }
}

TEST(TlbGeometry, SetsThatAreNoPowerOfTwoAreTheUsersMistake) {
    expect_refused({12, 2}, "12 entries in 2 ways, allowed: entries / ways a power of two");
}

TEST(TlbGeometry, WaysThatDoNotDivideTheEntriesAreTheUsersMistake) {
    expect_refused({10, 4}, "10 entries in 4 ways, allowed: entries / ways a power of two");
}

TEST(TlbGeometry, ReplacementThatDoesNotGoWithTheWaysIsTheUsersMistake) {
    expect_refused({96, 6, "4k", "linear", "tree-plru"},
                   "replacement \"tree-plru\" in 6 ways, allowed: a power of two up to 32");
    expect_refused({64, 64, "4k", "linear", "tree-plru"},
                   "replacement \"tree-plru\" in 64 ways, allowed: a power of two up to 32");
    expect_refused({64, 4, "4k", "linear", "rotating-plru"}, "replacement \"rotating-plru\" in 4 ways, allowed: 12");
}

TEST(TlbGeometry, AnAbsentArrayNeedsNoGeometry) { EXPECT_NO_THROW(TlbParams({0, 3, "4k", "linear", "tree-plru"}).check("x")); }

}  // namespace
}  // namespace splinter::hw
