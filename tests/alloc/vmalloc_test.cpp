// vmalloc(): what it maps, when it flushes, and how often the key register is written.
#include "alloc/mm/vmalloc.h"

#include <gtest/gtest.h>

#include "tests/alloc/mm_kernel.h"

namespace splinter::alloc {
namespace {

// 32 MiB for one CPU.
constexpr std::uint64_t kLazyMax = 8192;

std::uint64_t writes_of_pair(KeyScope scope, std::uint64_t pages) {
    MmKernel node{scope};
    Vmalloc& vmalloc = node.mm.vmalloc();
    vmalloc.free(node.cpu, vmalloc.allocate(node.cpu, PageCount{1}).value());  // makes the tables
    const std::uint64_t before = node.key_writes();
    vmalloc.free(node.cpu, vmalloc.allocate(node.cpu, PageCount{pages}).value());
    node.cpu.check_quiet();
    return node.key_writes() - before;
}

TEST(Vmalloc, MapsItsPagesAtConsecutiveAddressesBehindWhichNothingIsMapped) {
    MmKernel node;
    const VirtAddr start = node.mm.vmalloc().allocate(node.cpu, PageCount{5}).value();
    std::set<Pfn> frames;
    for (std::uint64_t i = 0; i < 5; ++i) {
        const auto found = node.memory.translate(start + i * kPageBytes);
        ASSERT_TRUE(found.has_value()) << i;
        frames.insert(found->frame);
    }
    EXPECT_EQ(frames.size(), 5U);
    EXPECT_FALSE(node.memory.translate(start + 5 * kPageBytes).has_value());
    node.mm.vmalloc().free(node.cpu, start);
    EXPECT_FALSE(node.memory.translate(start).has_value());
}

TEST(Vmalloc, GivesBackItsPagesButNotItsTables) {
    MmKernel node;
    const PageCount before = node.free_pages();
    node.mm.vmalloc().free(node.cpu, node.mm.vmalloc().allocate(node.cpu, PageCount{600}).value());
    EXPECT_EQ((before - node.free_pages()).raw(), 3U);  // one of PDEs, two of PTEs
}

TEST(Vmalloc, FlushesOnceMoreThanTheLazyMaximumIsUnmapped) {
    MmKernel node;
    Vmalloc& vmalloc = node.mm.vmalloc();
    const auto cycle = [&] { vmalloc.free(node.cpu, vmalloc.allocate(node.cpu, PageCount{63}).value()); };
    for (std::uint64_t i = 0; i < kLazyMax / 64; ++i) cycle();
    EXPECT_EQ(vmalloc.lazy_pages().raw(), kLazyMax);
    EXPECT_EQ(node.cpu.full_flushes(), 0U);
    cycle();
    EXPECT_EQ(vmalloc.lazy_pages().raw(), 0U);
    EXPECT_EQ(node.cpu.full_flushes(), 1U);
    EXPECT_EQ(vmalloc.purges(), 1U);
}

TEST(Vmalloc, UsesAddressesAgainOnlyAfterTheirFlush) {
    MmKernel node;
    Vmalloc& vmalloc = node.mm.vmalloc();
    const VirtAddr first = vmalloc.allocate(node.cpu, PageCount{1}).value();
    vmalloc.free(node.cpu, first);
    const VirtAddr large = vmalloc.allocate(node.cpu, PageCount{kLazyMax}).value();
    EXPECT_NE(large, first);
    vmalloc.free(node.cpu, large);  // one flush for both
    ASSERT_EQ(vmalloc.purges(), 1U);
    EXPECT_EQ(vmalloc.allocate(node.cpu, PageCount{1}).value(), first);
}

TEST(Vmalloc, ThatFailsHalfWayGivesEverythingBack) {
    for (std::uint64_t request : {0U, 1U, 2U}) {
        MmKernel node;
        const PageCount before = node.free_pages();
        node.tables.fail_only(request);
        EXPECT_FALSE(node.mm.vmalloc().allocate(node.cpu, PageCount{600}).has_value());
        EXPECT_EQ((before - node.free_pages()).raw(), request) << "tables stay";
        EXPECT_TRUE(node.mm.vmalloc().allocate(node.cpu, PageCount{600}).has_value());
    }
}

TEST(Vmalloc, SwitchesTheKeyForEachEntryOrForEachTableInLazySectionsAndNeverUnderTableLocks) {
    EXPECT_EQ(writes_of_pair(KeyScope::entry, 100), 2 * 100 * 2U);
    EXPECT_EQ(writes_of_pair(KeyScope::lazy, 100), 2 * 2U);
    EXPECT_EQ(writes_of_pair(KeyScope::ptl, 100), 2 * 100 * 2U);  // the kernel's PTEs are written without one
}

}  // namespace
}  // namespace splinter::alloc
