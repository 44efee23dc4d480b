// Processes' page tables: what they translate, what they give back, and how often the key register is written, held against
// kpkeys' count for 1 GiB mapped by PTEs: 4 writes for each of 262,144 entries in a fork that switches it around every entry.
#include "alloc/mm/address_space.h"

#include <gtest/gtest.h>

#include "tests/alloc/mm_kernel.h"

namespace splinter::alloc {
namespace {

using Outcome = AddressSpace::Outcome;

constexpr PageCount kGib{262'144};
constexpr PageCount kFew{40};

// Of 512 tables of PTEs, one of PDEs, one of PDPTEs.
constexpr std::uint64_t kTables = 514;

struct Space {
    MmKernel& node;
    std::unique_ptr<AddressSpace> space;
    explicit Space(MmKernel& kernel) : node{kernel}, space{kernel.mm.new_space(kernel.cpu)} {}
    ~Space() {
        if (space != nullptr) space->exit(node.cpu);
    }
    Space(const Space&) = delete;
    Space& operator=(const Space&) = delete;
    AddressSpace* operator->() const { return space.get(); }
    AddressSpace& operator*() const { return *space; }
    [[nodiscard]] std::optional<x86::Translation> at(std::uint64_t page) const {
        return node.memory.translate(kUserStart + page * kPageBytes, space->pgd());
    }
};

std::uint64_t writes_of_fork(KeyScope scope, FolioSize folios) {
    MmKernel node{scope};
    Space parent{node};
    EXPECT_EQ(parent->populate(node.cpu, kUserStart, kGib, folios), Outcome::done);
    const std::uint64_t before = node.key_writes();
    Space child{node};
    EXPECT_EQ(parent->fork(node.cpu, *child), Outcome::done);
    node.cpu.check_quiet();
    return node.key_writes() - before;
}

std::uint64_t writes_of_munmap(KeyScope scope, FolioSize folios) {
    MmKernel node{scope};
    Space space{node};
    EXPECT_EQ(space->populate(node.cpu, kUserStart, kGib, folios), Outcome::done);
    const std::uint64_t before = node.key_writes();
    space->munmap(node.cpu, kUserStart);
    node.cpu.check_quiet();
    return node.key_writes() - before;
}

// A new table: 2 writes to clear it, 2 to point to it. The root: cleared, and the kernel half copied.
constexpr std::uint64_t kWritesForTablesOfFork = kTables * 4 + 4;
constexpr std::uint64_t kWritesForTablesOfMunmap = kTables * 2;  // pmd_clear() and its like

TEST(KeyWrites, OfAForkAreFourPerEntryIfEachEntryIsSwitched) {
    EXPECT_EQ(writes_of_fork(KeyScope::entry, FolioSize::small), 1'048'576 + kWritesForTablesOfFork);
    EXPECT_EQ(writes_of_fork(KeyScope::entry, FolioSize::huge), 1'048'576 + kWritesForTablesOfFork);
}

TEST(KeyWrites, OfAForkAreTwoPerTableOfEntriesInLazySections) {
    EXPECT_EQ(writes_of_fork(KeyScope::lazy, FolioSize::small), 1'024 + kWritesForTablesOfFork);
    EXPECT_EQ(writes_of_fork(KeyScope::lazy, FolioSize::huge), 1'024 + kWritesForTablesOfFork);
}

// The child's lock and, within it, the parent's: the inner section switches nothing.
TEST(KeyWrites, OfAForkAreTwoPerTableOfEntriesUnderTableLocks) {
    EXPECT_EQ(writes_of_fork(KeyScope::ptl, FolioSize::small), 1'024 + kWritesForTablesOfFork);
}

TEST(KeyWrites, OfAMunmapAreTwoPerEntryIfEachEntryIsSwitched) {
    EXPECT_EQ(writes_of_munmap(KeyScope::entry, FolioSize::small), 524'288 + kWritesForTablesOfMunmap);
    EXPECT_EQ(writes_of_munmap(KeyScope::entry, FolioSize::huge), 524'288 + kWritesForTablesOfMunmap);
}

// With small folios the gather is full 27 times, each 9,678 pages: in the middle of a table, whose section ends and starts
// anew.
TEST(KeyWrites, OfAMunmapAreTwoPerTableOfEntriesAndFullGatherInLazySections) {
    EXPECT_EQ(writes_of_munmap(KeyScope::lazy, FolioSize::small), 2 * (512 + 262'144 / 9'678) + kWritesForTablesOfMunmap);
    EXPECT_EQ(writes_of_munmap(KeyScope::lazy, FolioSize::huge), 1'024 + kWritesForTablesOfMunmap);
    EXPECT_EQ(writes_of_munmap(KeyScope::ptl, FolioSize::huge), 1'024 + kWritesForTablesOfMunmap);
}

// A second fork finds the parent's entries read-only: only the child's are written.
TEST(KeyWrites, OfASecondForkAreTwoPerEntry) {
    MmKernel node;
    Space parent{node};
    ASSERT_EQ(parent->populate(node.cpu, kUserStart, kFew, FolioSize::small), Outcome::done);
    Space first{node};
    ASSERT_EQ(parent->fork(node.cpu, *first), Outcome::done);
    Space second{node};
    const std::uint64_t before = node.key_writes();
    ASSERT_EQ(parent->fork(node.cpu, *second), Outcome::done);
    EXPECT_EQ(node.key_writes() - before, 2 * kFew.raw() + 3 * 4);
}

TEST(AddressSpace, TranslatesEachPageToAFrameOfItsOwnThatMayBeWritten) {
    MmKernel node;
    Space space{node};
    ASSERT_EQ(space->populate(node.cpu, kUserStart, kFew, FolioSize::small), Outcome::done);
    std::set<Pfn> frames;
    for (std::uint64_t i = 0; i < kFew.raw(); ++i) {
        ASSERT_TRUE(space.at(i).has_value()) << i;
        EXPECT_TRUE(space.at(i)->rights.writable);
        frames.insert(space.at(i)->frame);
    }
    EXPECT_EQ(frames.size(), kFew.raw());
    EXPECT_FALSE(space.at(kFew.raw()).has_value());
}

TEST(AddressSpace, HasTheKernelsHalf) {
    MmKernel node;
    Space space{node};
    const auto found = node.memory.translate(layout::direct_map(kFirstGiant), space->pgd());
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->frame, kFirstGiant);
}

TEST(Fork, GivesTheChildTheSameFramesAndTakesTheRightToWriteFromBoth) {
    for (FolioSize folios : {FolioSize::small, FolioSize::huge}) {
        MmKernel node;
        Space parent{node};
        ASSERT_EQ(parent->populate(node.cpu, kUserStart, PageCount{1024}, folios), Outcome::done);
        Space child{node};
        ASSERT_EQ(parent->fork(node.cpu, *child), Outcome::done);
        for (std::uint64_t i = 0; i < 1024; ++i) {
            ASSERT_TRUE(child.at(i).has_value()) << i;
            EXPECT_EQ(child.at(i)->frame, parent.at(i)->frame);
            EXPECT_FALSE(child.at(i)->rights.writable);
            EXPECT_FALSE(parent.at(i)->rights.writable);
        }
    }
}

TEST(Fork, CostsOnePathPerEntryOfTheKindOfItsFolio) {
    MmKernel node;
    Space parent{node};
    ASSERT_EQ(parent->populate(node.cpu, kUserStart, PageCount{512}, FolioSize::huge), Outcome::done);
    ASSERT_EQ(parent->populate(node.cpu, kUserStart + kGiB, kFew, FolioSize::small), Outcome::done);
    Space child{node};
    ASSERT_EQ(parent->fork(node.cpu, *child), Outcome::done);
    EXPECT_EQ(node.cpu.count(Step::copy_pte_large), 512U);
    EXPECT_EQ(node.cpu.count(Step::copy_pte), kFew.raw());
}

TEST(Fork, PagesAreFreedByTheLastSpaceThatMapsThem) {
    MmKernel node;
    Space parent{node};
    ASSERT_EQ(parent->populate(node.cpu, kUserStart, kFew, FolioSize::small), Outcome::done);
    const PageCount alone = node.free_pages();
    {
        Space child{node};
        ASSERT_EQ(parent->fork(node.cpu, *child), Outcome::done);
        EXPECT_EQ((alone - node.free_pages()).raw(), 4U);  // the child's tables
    }
    EXPECT_EQ(node.free_pages(), alone);
    const PageCount mapped = node.free_pages();
    parent->munmap(node.cpu, kUserStart);
    EXPECT_EQ((node.free_pages() - mapped).raw(), kFew.raw() + 3);
}

TEST(Fork, ThatFailsLeavesNothingBehindOnceItsChildHasExited) {
    for (std::uint64_t request = 0;; ++request) {
        MmKernel node;
        Space parent{node};
        ASSERT_EQ(parent->populate(node.cpu, kUserStart, PageCount{1024}, FolioSize::small), Outcome::done);
        const PageCount before = node.free_pages();
        node.tables.fail_only(request);
        Outcome outcome = Outcome::no_memory;
        {
            Space child{node};
            if (child.space != nullptr) outcome = parent->fork(node.cpu, *child);
        }
        EXPECT_EQ(node.free_pages(), before) << request;
        if (outcome != Outcome::done) continue;
        EXPECT_EQ(request, 5U);  // the root, two tables on the way, two tables of PTEs
        break;
    }
}

TEST(Populate, ThatFailsKeepsWhatItHasMappedUntilTheExit) {
    MmKernel node;
    const PageCount before = node.free_pages();
    {
        Space space{node};
        node.tables.fail_only(3);  // the second table of PTEs
        EXPECT_EQ(space->populate(node.cpu, kUserStart, PageCount{1024}, FolioSize::small), Outcome::no_memory);
        EXPECT_TRUE(space.at(511).has_value());
        EXPECT_FALSE(space.at(512).has_value());
    }
    EXPECT_EQ(node.free_pages(), before);
}

TEST(Munmap, KeepsTheTablesThatAnotherAreaNeeds) {
    MmKernel node;
    Space space{node};
    ASSERT_EQ(space->populate(node.cpu, kUserStart, kFew, FolioSize::small), Outcome::done);
    ASSERT_EQ(space->populate(node.cpu, kUserStart + 64 * kPageBytes, kFew, FolioSize::small), Outcome::done);
    ASSERT_EQ(space->populate(node.cpu, kUserStart + (kGiB >> 1), kFew, FolioSize::small), Outcome::done);
    EXPECT_EQ(node.tables_in_use(), 5U);
    space->munmap(node.cpu, kUserStart);
    EXPECT_EQ(node.tables_in_use(), 5U);
    EXPECT_FALSE(space.at(0).has_value());
    EXPECT_TRUE(space.at(64).has_value());
    space->munmap(node.cpu, kUserStart + 64 * kPageBytes);
    EXPECT_EQ(node.tables_in_use(), 4U);
    space->munmap(node.cpu, kUserStart + (kGiB >> 1));
    EXPECT_EQ(node.tables_in_use(), 1U);  // the root
}

TEST(Munmap, FlushesPageByPageUpToTheCeilingAndEverythingAbove) {
    MmKernel node;
    Space space{node};
    node.user_flush.state().switch_mm(node.cpu, space->mm());
    ASSERT_EQ(space->populate(node.cpu, kUserStart, PageCount{33}, FolioSize::small), Outcome::done);
    ASSERT_EQ(space->populate(node.cpu, kUserStart + kGiB, PageCount{34}, FolioSize::small), Outcome::done);
    space->munmap(node.cpu, kUserStart);
    EXPECT_EQ(node.cpu.page_flushes(), 33U);
    EXPECT_EQ(node.cpu.full_flushes(), 0U);
    space->munmap(node.cpu, kUserStart + kGiB);
    EXPECT_EQ(node.cpu.page_flushes(), 33U);
    EXPECT_EQ(node.cpu.full_flushes(), 1U);
}

TEST(Exit, GivesBackAllPagesAndTables) {
    for (FolioSize folios : {FolioSize::small, FolioSize::huge}) {
        MmKernel node;
        const PageCount before = node.free_pages();
        {
            Space space{node};
            ASSERT_EQ(space->populate(node.cpu, kUserStart, PageCount{1024}, folios), Outcome::done);
            ASSERT_EQ(space->populate(node.cpu, kUserStart + kGiB, PageCount{512}, folios), Outcome::done);
        }
        EXPECT_EQ(node.free_pages(), before);
        EXPECT_EQ(node.tables_in_use(), 0U);
        node.cpu.check_quiet();
    }
}

}  // namespace
}  // namespace splinter::alloc
