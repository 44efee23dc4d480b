#include "hw/mmu/paging_cache.h"

#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/hw/pages.h"

namespace splinter::hw {
namespace {

constexpr Pcid kKernelPcid{0};
constexpr Pcid kUserPcid{1};
constexpr VirtAddr kAddress{0xffff888012345000U};

MmuParams two_of_each() {
    MmuParams params;
    params.pml4_cache = 2;
    params.pdpt_cache = 2;
    params.pd_cache = 2;
    return params;
}

x86::WalkPoint table_of(x86::Level level, std::uint64_t frame) { return {level, {}, Pfn{frame}}; }

TEST(PagingCache, MissesAtFirst) { EXPECT_FALSE(PagingCache{two_of_each()}.lookup(kAddress, kKernelPcid)); }

TEST(PagingCache, TheDeepestTableWins) {
    PagingCache cache{two_of_each()};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPdpte, 3));
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPte, 1));
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPde, 2));
    ASSERT_TRUE(cache.lookup(kAddress, kKernelPcid));
    EXPECT_EQ(cache.lookup(kAddress, kKernelPcid)->table, Pfn{1});
}

TEST(PagingCache, ATableOfPtesServesItsTwoMebibytesAndNoMore) {
    PagingCache cache{two_of_each()};
    cache.insert(VirtAddr{kTwoMebibytes}, kKernelPcid, table_of(x86::kPte, 1));
    EXPECT_TRUE(cache.lookup(VirtAddr{2 * kTwoMebibytes - 1}, kKernelPcid));
    EXPECT_FALSE(cache.lookup(VirtAddr{2 * kTwoMebibytes}, kKernelPcid));
    EXPECT_FALSE(cache.lookup(VirtAddr{kTwoMebibytes - 1}, kKernelPcid));
}

TEST(PagingCache, ATableOfPdesServesItsGibibyte) {
    PagingCache cache{two_of_each()};
    cache.insert(VirtAddr{0}, kKernelPcid, table_of(x86::kPde, 2));
    EXPECT_TRUE(cache.lookup(VirtAddr{(std::uint64_t{1} << 30) - 1}, kKernelPcid));
    EXPECT_FALSE(cache.lookup(VirtAddr{std::uint64_t{1} << 30}, kKernelPcid));
}

TEST(PagingCache, KeepsTheRightsGatheredOnTheWay) {
    PagingCache cache{two_of_each()};
    x86::WalkPoint point = table_of(x86::kPte, 1);
    point.rights.restrict_by(x86::Pte{x86::Pte::kUser});
    cache.insert(kAddress, kKernelPcid, point);
    EXPECT_EQ(cache.lookup(kAddress, kKernelPcid)->rights, point.rights);
}

TEST(PagingCache, TheLeastRecentlyUsedEntryIsReplaced) {
    PagingCache cache{two_of_each()};
    const auto region = [](std::uint64_t number) { return VirtAddr{number * kTwoMebibytes}; };
    cache.insert(region(1), kKernelPcid, table_of(x86::kPte, 1));
    cache.insert(region(2), kKernelPcid, table_of(x86::kPte, 2));
    (void)cache.lookup(region(1), kKernelPcid);
    cache.insert(region(3), kKernelPcid, table_of(x86::kPte, 3));
    EXPECT_TRUE(cache.lookup(region(1), kKernelPcid));
    EXPECT_FALSE(cache.lookup(region(2), kKernelPcid));
    EXPECT_TRUE(cache.lookup(region(3), kKernelPcid));
}

TEST(PagingCache, ASecondInsertOfARegionTakesNoSecondEntry) {
    PagingCache cache{two_of_each()};
    cache.insert(VirtAddr{0}, kKernelPcid, table_of(x86::kPte, 1));
    cache.insert(VirtAddr{kTwoMebibytes}, kKernelPcid, table_of(x86::kPte, 2));
    cache.insert(VirtAddr{kTwoMebibytes}, kKernelPcid, table_of(x86::kPte, 3));
    EXPECT_EQ(cache.lookup(VirtAddr{0}, kKernelPcid)->table, Pfn{1});
    EXPECT_EQ(cache.lookup(VirtAddr{kTwoMebibytes}, kKernelPcid)->table, Pfn{3});
}

TEST(PagingCache, PcidsDoNotSeeEachOther) {
    PagingCache cache{two_of_each()};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPte, 1));
    EXPECT_FALSE(cache.lookup(kAddress, kUserPcid));
}

TEST(PagingCache, InvalidatingAPcidLeavesTheOthers) {
    PagingCache cache{two_of_each()};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPte, 1));
    cache.insert(kAddress, kUserPcid, table_of(x86::kPte, 2));
    cache.drop_pcid(kKernelPcid);
    EXPECT_FALSE(cache.lookup(kAddress, kKernelPcid));
    EXPECT_TRUE(cache.lookup(kAddress, kUserPcid));
}

TEST(PagingCache, InvalidatingEverythingDropsEveryPcid) {
    PagingCache cache{two_of_each()};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPde, 1));
    cache.insert(kAddress, kUserPcid, table_of(x86::kPte, 2));
    cache.drop_all();
    EXPECT_FALSE(cache.lookup(kAddress, kKernelPcid));
    EXPECT_FALSE(cache.lookup(kAddress, kUserPcid));
}

TEST(PagingCache, ALevelWithoutEntriesCachesNothing) {
    MmuParams params = two_of_each();
    params.pd_cache = 0;
    PagingCache cache{params};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPte, 1));
    EXPECT_FALSE(cache.lookup(kAddress, kKernelPcid));
}

TEST(PagingCache, DroppingAnAddressDropsEveryTableOnItsWayAndNoOther) {
    PagingCache cache{two_of_each()};
    const VirtAddr neighbour = kAddress + kTwoMebibytes;
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPde, 2));
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPte, 1));
    cache.insert(neighbour, kKernelPcid, table_of(x86::kPte, 3));
    cache.insert(kAddress, kUserPcid, table_of(x86::kPde, 4));
    cache.drop_address(kAddress, kKernelPcid);
    EXPECT_FALSE(cache.lookup(kAddress, kKernelPcid));
    EXPECT_EQ(cache.lookup(neighbour, kKernelPcid)->table, Pfn{3});
    EXPECT_TRUE(cache.lookup(kAddress, kUserPcid));
}

TEST(PagingCache, AuditsSeeTheFirstAddressThatAnEntryCovers) {
    PagingCache cache{two_of_each()};
    cache.insert(kAddress, kUserPcid, table_of(x86::kPte, 1));
    int seen = 0;
    cache.for_each([&](VirtAddr first, Pcid pcid, const x86::WalkPoint& point) {
        EXPECT_EQ(first, VirtAddr{kAddress.raw() & ~(kTwoMebibytes - 1)});
        EXPECT_EQ(pcid, kUserPcid);
        EXPECT_EQ(point.table, Pfn{1});
        ++seen;
    });
    EXPECT_EQ(seen, 1);
}

TEST(PagingCache, FiveLevelPagingCachesTablesOfPml4EntriesToo) {
    MmuParams params = two_of_each();
    params.pml5_cache = 1;
    PagingCache cache{params};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPml4e, 9));
    EXPECT_EQ(cache.lookup(kAddress, kKernelPcid)->table, Pfn{9});
    cache.insert(VirtAddr{0}, kKernelPcid, table_of(x86::kPml4e, 8));  // the only entry
    EXPECT_FALSE(cache.lookup(kAddress, kKernelPcid));
}

MmuParams shared(std::uint64_t entries) {
    MmuParams params;
    params.pml5_cache = params.pml4_cache = params.pdpt_cache = params.pd_cache = 0;
    params.shared_paging_cache = entries;
    return params;
}

TEST(PagingCache, LevelsOfASharedCacheCompeteForItsEntries) {
    PagingCache cache{shared(2)};
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPdpte, 3));
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPde, 2));
    EXPECT_EQ(cache.lookup(kAddress, kKernelPcid)->table, Pfn{2});
    cache.insert(kAddress, kKernelPcid, table_of(x86::kPte, 1));  // replaces the table of PDPTEs
    EXPECT_EQ(cache.lookup(kAddress, kKernelPcid)->table, Pfn{1});
    EXPECT_FALSE(cache.lookup(kAddress + (std::uint64_t{1} << 30), kKernelPcid));
}

TEST(PagingCache, LevelsOfASharedCacheDoNotAnswerForEachOther) {
    PagingCache cache{shared(4)};
    cache.insert(VirtAddr{0}, kKernelPcid, table_of(x86::kPte, 1));
    EXPECT_FALSE(cache.lookup(VirtAddr{kTwoMebibytes}, kKernelPcid));
    EXPECT_EQ(cache.lookup(VirtAddr{0}, kKernelPcid)->level, x86::kPte);
}

TEST(PagingCache, ASharedCacheBesideOnePerLevelIsTheUsersMistake) {
    MmuParams params = shared(4);
    params.pd_cache = 1;
    try {
        params.check();
        FAIL() << "accepted";
    } catch (const UserError& error) {
        EXPECT_EQ(std::string{error.what()},
                  "hw.mmu.shared_paging_cache: found 4 beside a cache per level, allowed: one of the two, the others 0");
    }
}

}  // namespace
}  // namespace splinter::hw
