// What system calls on an address space flush, and what they leave in its page tables: mm/mprotect.c, mm/mremap.c, mm/memory.c.
#include <gtest/gtest.h>

#include "alloc/mm/address_space.h"
#include "tests/alloc/mm_kernel.h"

namespace splinter::alloc {
namespace {

using Outcome = AddressSpace::Outcome;
using x86::Pte;

constexpr VirtAddr kElsewhere = kUserStart + 4 * kGiB;
constexpr std::uint64_t kTable = x86::kPde.bytes();

struct SystemCalls : ::testing::Test {
    SystemCalls() : space{node.mm.new_space(node.cpu, MmUse::any_cpu)} {
        node.user_flush.state().switch_mm(node.cpu, space->mm());
    }
    ~SystemCalls() override { space->exit(node.cpu); }
    void map(VirtAddr start, std::uint64_t pages, FolioSize folios = FolioSize::small) {
        ASSERT_EQ(space->populate(node.cpu, start, PageCount{pages}, folios), Outcome::done);
    }
    [[nodiscard]] std::optional<x86::Translation> at(VirtAddr va) const { return node.memory.translate(va, space->pgd()); }
    [[nodiscard]] TlbTrace& trace() { return node.user_flush.state().trace(); }
    // "2r 1f 5p": flushes of ranges, of everything, and INVLPGs since the last question.
    std::string flushed() {
        const TlbTrace now = trace();
        const std::string text = std::to_string(now.local_ranged - last.local_ranged) + "r " +
                                 std::to_string(now.local_full - last.local_full) + "f " +
                                 std::to_string(now.user_invlpg - last.user_invlpg) + "p";
        last = now;
        return text;
    }

    MmKernel node;
    std::unique_ptr<AddressSpace> space;
    TlbTrace last;
};

TEST_F(SystemCalls, DontneedTakesThePagesAndKeepsTheArea) {
    map(kUserStart, 5);
    space->dontneed(node.cpu, kUserStart + kPageBytes, PageCount{3});
    EXPECT_EQ(flushed(), "1r 0f 3p");
    EXPECT_TRUE(at(kUserStart));
    EXPECT_FALSE(at(kUserStart + kPageBytes));
    EXPECT_EQ(space->write_fault(node.cpu, kUserStart + kPageBytes), Outcome::done);
    EXPECT_TRUE(at(kUserStart + kPageBytes));
    EXPECT_EQ(flushed(), "0r 0f 0p");
}

TEST_F(SystemCalls, OfPagesThatAreNotThereFlushNothing) {
    map(kUserStart, 5);
    space->dontneed(node.cpu, kUserStart, PageCount{5});
    (void)flushed();
    space->dontneed(node.cpu, kUserStart, PageCount{5});
    space->mprotect(node.cpu, kUserStart, PageCount{5}, PageRights::read);
    EXPECT_EQ(flushed(), "0r 0f 0p");
}

// The table of PDPTEs covers 512 GiB, and goes with the page; the flush does not reach back to where it begins.
TEST_F(SystemCalls, AFlushWithFreedTablesBeginsNoEarlierThanTheTableOfPtes) {
    map(kUserStart + 3 * kGiB + 7 * kPageBytes, 1);
    space->munmap(node.cpu, kUserStart + 3 * kGiB + 7 * kPageBytes);
    EXPECT_EQ(flushed(), "1r 0f 8p");
}

TEST_F(SystemCalls, MprotectFlushesARightThatGoesAndOneToWriteThatComes) {
    map(kUserStart, 3);
    space->mprotect(node.cpu, kUserStart, PageCount{3}, PageRights::read);
    EXPECT_EQ(flushed(), "1r 0f 3p");
    EXPECT_FALSE(at(kUserStart)->rights.writable);
    space->mprotect(node.cpu, kUserStart, PageCount{3}, PageRights::read);
    EXPECT_EQ(flushed(), "0r 0f 0p");
    space->mprotect(node.cpu, kUserStart, PageCount{3}, PageRights::read_write);
    EXPECT_EQ(flushed(), "1r 0f 3p");
    EXPECT_TRUE(at(kUserStart)->rights.writable);
}

TEST_F(SystemCalls, MprotectToNothingHidesThePagesAndBackFlushesNothing) {
    map(kUserStart, 3);
    const Pfn frame = at(kUserStart)->frame;
    space->mprotect(node.cpu, kUserStart, PageCount{3}, PageRights::none);
    EXPECT_EQ(flushed(), "1r 0f 3p");
    EXPECT_FALSE(at(kUserStart));
    space->mprotect(node.cpu, kUserStart, PageCount{3}, PageRights::read_write);
    EXPECT_EQ(flushed(), "0r 0f 0p") << "what is not present is cached nowhere";
    EXPECT_EQ(at(kUserStart)->frame, frame);
    EXPECT_TRUE(at(kUserStart)->rights.writable);
}

TEST_F(SystemCalls, PagesWithoutRightsAreFreedByMunmapAndFlushed) {
    map(kUserStart, 3);
    space->mprotect(node.cpu, kUserStart, PageCount{3}, PageRights::none);
    (void)flushed();
    const PageCount before = node.free_pages();
    space->munmap(node.cpu, kUserStart);
    EXPECT_EQ((node.free_pages() - before).raw(), 3U + 3);  // and the tables
    EXPECT_EQ(flushed(), "1r 0f 3p");
}

TEST_F(SystemCalls, MprotectOfThePagesInTheMiddleLeavesTheOthersAlone) {
    map(kUserStart, 9);
    space->mprotect(node.cpu, kUserStart + 3 * kPageBytes, PageCount{3}, PageRights::read);
    EXPECT_EQ(flushed(), "1r 0f 3p");
    for (std::uint64_t i = 0; i < 9; ++i) EXPECT_EQ(at(kUserStart + i * kPageBytes)->rights.writable, i < 3 || i >= 6) << i;
    space->munmap(node.cpu, kUserStart, PageCount{9});
    EXPECT_FALSE(at(kUserStart + 8 * kPageBytes));
}

TEST_F(SystemCalls, PkeyMprotectFlushesAChangeOfTheKey) {
    map(kUserStart, 2);
    space->pkey_mprotect(node.cpu, kUserStart, PageCount{2}, PageRights::read_write, 3);
    EXPECT_EQ(flushed(), "1r 0f 2p");
    space->pkey_mprotect(node.cpu, kUserStart, PageCount{2}, PageRights::read_write, 3);
    EXPECT_EQ(flushed(), "0r 0f 0p");
}

// From page 1 of a table to page 0 of another: extents of 511 pages and 1 page in turn. The tables inside go afterwards.
TEST_F(SystemCalls, MremapFlushesEachExtentAndThenTheTables) {
    const VirtAddr from = kUserStart + kPageBytes;
    map(kUserStart, 1);
    map(from, 1024);
    map(from + 1024 * kPageBytes, 1);
    const Pfn first = at(from)->frame;
    const Pfn last_frame = at(from + 1023 * kPageBytes)->frame;
    ASSERT_EQ(space->mremap(node.cpu, from, PageCount{1024}, kElsewhere), Outcome::done);
    EXPECT_EQ(flushed(), "3r 2f 3p");
    EXPECT_FALSE(at(from));
    EXPECT_EQ(at(kElsewhere)->frame, first);
    EXPECT_EQ(at(kElsewhere + 1023 * kPageBytes)->frame, last_frame);
    space->munmap(node.cpu, kElsewhere);
}

TEST_F(SystemCalls, MremapMovesWholeTables) {
    map(kUserStart, 1024);
    const std::uint64_t tables = node.tables_in_use();
    const Pfn frame = at(kUserStart + kTable)->frame;
    ASSERT_EQ(space->mremap(node.cpu, kUserStart, PageCount{1024}, kElsewhere), Outcome::done);
    EXPECT_EQ(at(kElsewhere + kTable)->frame, frame);
    EXPECT_EQ(node.tables_in_use(), tables);
    EXPECT_EQ(node.cpu.count(Step::move_pte), 0U);
}

TEST_F(SystemCalls, AWriteToASharedPageIsCopiedWithAFlushOfOnePage) {
    map(kUserStart, 2);
    const auto child = node.mm.new_space(node.cpu, MmUse::any_cpu);
    ASSERT_EQ(space->fork(node.cpu, *child), Outcome::done);
    EXPECT_EQ(flushed(), "0r 1f 0p");
    const Pfn shared = at(kUserStart)->frame;
    ASSERT_EQ(space->write_fault(node.cpu, kUserStart), Outcome::done);
    EXPECT_EQ(flushed(), "1r 0f 1p");
    EXPECT_NE(at(kUserStart)->frame, shared);
    EXPECT_TRUE(at(kUserStart)->rights.writable);
    EXPECT_EQ(node.memory.translate(kUserStart, child->pgd())->frame, shared);
    child->exit(node.cpu);
    ASSERT_EQ(space->write_fault(node.cpu, kUserStart + kPageBytes), Outcome::done);
    EXPECT_EQ(flushed(), "0r 0f 0p") << "nobody else has it any more";
    EXPECT_TRUE(at(kUserStart + kPageBytes)->rights.writable);
}

TEST_F(SystemCalls, AWriteToASharedPageIsNotWrittenAfterMprotectBack) {
    map(kUserStart, 1);
    const auto child = node.mm.new_space(node.cpu, MmUse::any_cpu);
    ASSERT_EQ(space->fork(node.cpu, *child), Outcome::done);
    space->mprotect(node.cpu, kUserStart, PageCount{1}, PageRights::read);
    space->mprotect(node.cpu, kUserStart, PageCount{1}, PageRights::read_write);
    EXPECT_FALSE(at(kUserStart)->rights.writable);
    child->exit(node.cpu);
}

TEST_F(SystemCalls, HugePagesAreFlushedWithTheirStride) {
    const PageCount before = node.free_pages();
    map(kUserStart, 1024, FolioSize::transparent);
    EXPECT_EQ(at(kUserStart)->size, x86::PageSize::m2);
    space->munmap(node.cpu, kUserStart);
    EXPECT_EQ(flushed(), "1r 0f 2p");
    EXPECT_EQ(node.free_pages(), before);
}

TEST_F(SystemCalls, AHugePageThatIsProtectedInPartIsSplitWithAFlushOfItsOwn) {
    map(kUserStart, 1024, FolioSize::transparent);
    const Pfn frame = at(kUserStart)->frame;
    space->mprotect(node.cpu, kUserStart + kPageBytes, PageCount{1023}, PageRights::read);
    EXPECT_EQ(flushed(), "1r 1f 1p");
    EXPECT_EQ(at(kUserStart)->size, x86::PageSize::k4);
    EXPECT_TRUE(at(kUserStart)->rights.writable);
    EXPECT_EQ(at(kUserStart + kPageBytes)->frame, frame + PageCount{1});
    EXPECT_FALSE(at(kUserStart + kPageBytes)->rights.writable);
    EXPECT_EQ(at(kUserStart + kTable)->size, x86::PageSize::m2);
    EXPECT_FALSE(at(kUserStart + kTable)->rights.writable);
    const PageCount before = node.free_pages();
    space->munmap(node.cpu, kUserStart, PageCount{1024});
    EXPECT_GT(node.free_pages(), before + PageCount{1023});
}

TEST_F(SystemCalls, OfPartsThatAreNotWholeHugePagesAreOfSmallOnes) {
    map(kUserStart + kPageBytes, 1024, FolioSize::transparent);
    EXPECT_EQ(at(kUserStart + kPageBytes)->size, x86::PageSize::k4);
    EXPECT_EQ(at(kUserStart + kTable)->size, x86::PageSize::m2);
    EXPECT_EQ(at(kUserStart + 2 * kTable)->size, x86::PageSize::k4);
}

TEST_F(SystemCalls, LeaveLocksAndInterruptsAsTheyWere) {
    map(kUserStart, 40);
    space->dontneed(node.cpu, kUserStart, PageCount{2});
    space->mprotect(node.cpu, kUserStart, PageCount{40}, PageRights::read);
    ASSERT_EQ(space->mremap(node.cpu, kUserStart, PageCount{40}, kElsewhere), Outcome::done);
    space->munmap(node.cpu, kElsewhere);
    node.cpu.check_quiet();
}

}  // namespace
}  // namespace splinter::alloc
