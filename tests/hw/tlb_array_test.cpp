#include "hw/mmu/tlb_array.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "hw/base/user_error.h"

namespace splinter::hw {
namespace {

using x86::PageSize;

constexpr Pcid kKernel{0};
constexpr Pcid kUser{1};

TlbArray array_of(std::uint64_t entries, std::uint64_t ways, PageSize size = PageSize::k4) {
    TlbParams params;
    params.entries = entries;
    params.ways = ways;
    return TlbArray{params, size, "hw.mmu.test"};
}

VirtAddr page(std::uint64_t number) { return VirtAddr{number << kPageShift}; }

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

TEST(TlbArray, MissesWhatWasNeverFilled) { EXPECT_EQ(array_of(8, 4).lookup(page(1), kKernel), nullptr); }

TEST(TlbArray, HitsAnyAddressOfAFilledPage) {
    TlbArray tlb = array_of(8, 4);
    tlb.insert(page(5) + 0x123, kKernel, to_frame(77));
    const x86::Translation* hit = tlb.lookup(page(5) + 0xfff, kKernel);
    ASSERT_NE(hit, nullptr);
    EXPECT_EQ(hit->frame, Pfn{77});
    EXPECT_EQ(tlb.lookup(page(6), kKernel), nullptr);
}

TEST(TlbArray, ASecondFillOfAPageReplacesTheFirst) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2, 3, 4});
    tlb.insert(page(2), kKernel, to_frame(99));
    EXPECT_EQ(pages_in(tlb), (Pages{1, 2, 3, 4}));
    EXPECT_EQ(tlb.lookup(page(2), kKernel)->frame, Pfn{99});
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
    EXPECT_NE(tlb.lookup(page(1), kKernel), nullptr);
    fill(tlb, {5});
    EXPECT_EQ(pages_in(tlb), (Pages{1, 3, 4, 5}));
}

TEST(TlbArray, AnInvalidWayIsFilledBeforeAValidOneIsReplaced) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2, 3, 4});
    tlb.invalidate_page(page(3), kKernel);
    fill(tlb, {5});
    EXPECT_EQ(pages_in(tlb), (Pages{1, 2, 4, 5}));
}

TEST(TlbArray, PagesOfOneSetConflictWhileOtherSetsAreEmpty) {
    TlbArray tlb = array_of(8, 2);  // four sets
    fill(tlb, {0, 4, 8});
    EXPECT_EQ(pages_in(tlb), (Pages{4, 8}));
}

TEST(TlbArray, LargePagesAreIndexedByTheirOwnNumber) {
    TlbArray tlb = array_of(4, 1, PageSize::m2);
    for (std::uint64_t number = 0; number < 4; ++number)
        tlb.insert(VirtAddr{number << 21}, kKernel, {Pfn{number * 512}, PageSize::m2, {}});
    for (std::uint64_t number = 0; number < 4; ++number) {
        const x86::Translation* hit = tlb.lookup(VirtAddr{(number << 21) + 0x1fffff}, kKernel);
        ASSERT_NE(hit, nullptr);
        EXPECT_EQ(hit->frame, Pfn{number * 512});
    }
}

TEST(TlbArray, PcidsDoNotSeeEachOther) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, to_frame(10));
    tlb.insert(page(1), kUser, to_frame(20));
    EXPECT_EQ(tlb.lookup(page(1), kKernel)->frame, Pfn{10});
    EXPECT_EQ(tlb.lookup(page(1), kUser)->frame, Pfn{20});
    EXPECT_EQ(tlb.lookup(page(1), Pcid{2}), nullptr);
}

TEST(TlbArray, GlobalEntriesServeEveryPcid) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, global_frame(10));
    EXPECT_NE(tlb.lookup(page(1), Pcid{4095}), nullptr);
}

TEST(TlbArray, InvalidatingAPageLeavesItsNeighbours) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1, 2});
    tlb.invalidate_page(page(1) + 0x800, kKernel);
    EXPECT_EQ(pages_in(tlb), (Pages{2}));
}

TEST(TlbArray, InvalidatingAPageLeavesOtherPcids) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kUser);
    tlb.invalidate_page(page(1), kKernel);
    EXPECT_EQ(pages_in(tlb), (Pages{1}));
}

// SDM Vol. 3A 4.10.4.1: INVLPG drops global entries of the address, whatever the PCID.
TEST(TlbArray, InvalidatingAPageDropsItsGlobalEntryUnderAnyPcid) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kKernel, global_frame(10));
    tlb.invalidate_page(page(1), kUser);
    EXPECT_EQ(pages_in(tlb), Pages{});
}

TEST(TlbArray, InvalidatingAPageDropsAnOwnAndAGlobalEntryTogether) {
    TlbArray tlb = array_of(4, 4);
    tlb.insert(page(1), kUser, to_frame(20));
    tlb.insert(page(1), kKernel, global_frame(10));
    tlb.invalidate_page(page(1), kUser);
    EXPECT_EQ(pages_in(tlb), Pages{});
}

TEST(TlbArray, InvalidatingAPcidKeepsGlobalEntriesAndOtherPcids) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kKernel);
    fill(tlb, {2}, kUser);
    tlb.insert(page(3), kKernel, global_frame(3));
    tlb.invalidate_pcid(kKernel);
    EXPECT_EQ(pages_in(tlb), (Pages{2, 3}));
}

TEST(TlbArray, EntriesFilledAfterAFlushAreValid) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1});
    tlb.invalidate_pcid(kKernel);
    tlb.invalidate_all();
    fill(tlb, {2});
    EXPECT_EQ(pages_in(tlb), (Pages{2}));
}

TEST(TlbArray, InvalidatingEverythingDropsGlobalEntriesAndEveryPcid) {
    TlbArray tlb = array_of(4, 4);
    fill(tlb, {1}, kUser);
    tlb.insert(page(3), kKernel, global_frame(3));
    tlb.invalidate_all();
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

class StaleTlb : public testing::Test {
  protected:
    StaleTlb() { tlb_.set_listener(&listener_); }
    // Marks and returns the pages that the array reported.
    std::vector<std::uint64_t> mark(std::uint64_t first, std::uint64_t count) {
        std::vector<std::uint64_t> marked;
        tlb_.mark_stale(page(first), count * kPageBytes,
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
    EXPECT_TRUE(tlb_.is_stale(tlb_.lookup(page(2), kKernel)));
    EXPECT_FALSE(tlb_.is_stale(tlb_.lookup(page(1), kKernel)));
    EXPECT_FALSE(tlb_.is_stale(tlb_.lookup(page(4), kKernel)));
}

TEST_F(StaleTlb, MarksARangeThatIsLargerThanTheArray) {
    fill(tlb_, {1, 2});
    EXPECT_EQ(mark(0, 1000).size(), 2U);
}

TEST_F(StaleTlb, DoesNotMarkWhatWasInvalidated) {
    fill(tlb_, {1});
    tlb_.invalidate_pcid(kKernel);
    EXPECT_EQ(mark(0, 8), Dropped{});
}

TEST_F(StaleTlb, ReportsTheDropByInvalidation) {
    fill(tlb_, {1});
    mark(1, 1);
    tlb_.invalidate_page(page(1), kKernel);
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
    EXPECT_FALSE(tlb_.is_stale(tlb_.lookup(page(1), kKernel)));
}

TEST_F(StaleTlb, ReportsTheDropByAFlushOfItsPcidOnly) {
    fill(tlb_, {1}, kKernel);
    fill(tlb_, {2}, kUser);
    mark(1, 2);
    tlb_.invalidate_pcid(kUser);
    EXPECT_EQ(listener_.dropped, (Dropped{2}));
}

TEST_F(StaleTlb, ReportsEachDropOnce) {
    fill(tlb_, {1});
    mark(1, 1);
    tlb_.invalidate_all();
    tlb_.invalidate_all();
    fill(tlb_, {1, 3, 5});
    EXPECT_EQ(listener_.dropped, (Dropped{1}));
}

TEST_F(StaleTlb, DoesNotReportEntriesThatAreNotStale) {
    fill(tlb_, {1, 3, 5});
    tlb_.invalidate_all();
    EXPECT_EQ(listener_.dropped, Dropped{});
}

TEST(TlbGeometry, WithoutEntriesEveryLookupMisses) {
    TlbArray tlb = array_of(0, 4);
    tlb.insert(page(1), kKernel, to_frame(1));
    tlb.invalidate_page(page(1), kKernel);
    tlb.invalidate_pcid(kKernel);
    tlb.invalidate_all();
    EXPECT_EQ(tlb.lookup(page(1), kKernel), nullptr);
}

TEST(TlbGeometry, SetsThatAreNoPowerOfTwoAreTheUsersMistake) { EXPECT_THROW(array_of(12, 2), UserError); }

TEST(TlbGeometry, WaysThatDoNotDivideTheEntriesAreTheUsersMistake) {
    try {
        array_of(10, 4);
        FAIL() << "accepted";
    } catch (const UserError& error) {
        EXPECT_EQ(std::string{error.what()}, "hw.mmu.test: found 10 entries in 4 ways, allowed: entries / ways a power of two");
    }
}

}  // namespace
}  // namespace splinter::hw
