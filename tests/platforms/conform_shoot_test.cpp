// Recorded counts of user shootdowns: what agrees, what is shown, what is refused, and how much may miss.
#include <gtest/gtest.h>

#include "platforms/conform/record_formats.h"
#include "platforms/conform/shoot_machine.h"
#include "tests/platforms/expect_part.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_part;
using testing::ScratchDirectory;
using testing::user_error;

constexpr const char* kHeader =
    "run,kernel,mem,gbpages,smp,ceiling,op,pages,helpers,mode,reps,mm_range_calls_per_op,multi_flush_per_op,ipi_irqs_per_op,"
    "TLB_irq_count_per_op,ipi_irqs_per_cpu,remote_full_per_op,remote_ranged_per_op,local_full_per_op,local_ranged_per_op,"
    "send_full_per_op,send_ranged_per_op,task_switch_flush_per_op,user_invlpg_per_op,cr3_or_full_local_per_op,"
    "leave_or_switch_lazy_per_op\n";
// Two pages unmapped beside three threads that run.
constexpr const char* kTwoPages = "one,6.12.9,4G,1,4,33,munmap_keep,2,3,spin,10,1,1,3,3,0,0,3,0,1,0,1,0,8,0,0\n";

std::string conform(const std::string& rows) {
    const ScratchDirectory folder;
    const std::string path = folder.write("shoot.csv", kHeader + rows);
    ConformReport report{Detail::summary};
    run_record_file(path, {}, report);
    return (report.agrees() ? "agrees\n" : "disagrees\n") + report.text();
}

std::string row_with(std::string row, const std::string& from, const std::string& to) {
    const std::size_t at = row.find(from);
    EXPECT_NE(at, std::string::npos);
    return row.replace(at, from.size(), to);
}

TEST(ConformShoot, ARecordedSampleOfAllOperationsAndModesAgrees) {
    ConformReport report{Detail::summary};
    run_record_file(SPLINTER_SOURCE_DIR "/tests/data/shoot/shoot.csv", {}, report);
    EXPECT_TRUE(report.agrees()) << report.text();
    for (const ShootMachine::Operation& operation : ShootMachine::operations())
        if (operation.name != "fork") expect_part(report.text(), "shoot " + std::string{operation.name} + " ");
    expect_part(report.text(), "10 rows of fork run and not compared\n");
}

TEST(ConformShoot, ARowHasTenCells) {
    const std::string text = conform(kTwoPages);
    EXPECT_TRUE(text.starts_with("agrees\n"));
    expect_part(text, "\n10 of 10 agree\n");
}

TEST(ConformShoot, AChangedCountIsShownAndDisagrees) {
    const std::string text = conform(row_with(kTwoPages, ",0,8,0,0", ",0,6,0,0"));
    EXPECT_TRUE(text.starts_with("disagrees\n"));
    expect_part(text,
                "shoot.csv:2: one, munmap_keep on 2 pages, 3 helpers (spin): user_invlpg_per_op recorded 6, model 8\n"
                "1 of 10 cells miss; 0 may\n");
    expect_part(text, "\n9 of 10 agree\n");
}

TEST(ConformShoot, ACountMayBeOffByHalfOrATenth) {
    EXPECT_TRUE(conform(row_with(kTwoPages, "spin,10,1,1,3,3,", "spin,10,1,1,3,2.5,")).starts_with("agrees\n"));
    EXPECT_TRUE(conform(row_with(kTwoPages, "spin,10,1,1,3,3,", "spin,10,1,1,3,2.4,")).starts_with("disagrees\n"));
    EXPECT_TRUE(conform(row_with(kTwoPages, ",0,8,0,0", ",0,8.8,0,0")).starts_with("agrees\n"));
    EXPECT_TRUE(conform(row_with(kTwoPages, ",0,8,0,0", ",0,9,0,0")).starts_with("disagrees\n"));
}

TEST(ConformShoot, InterruptsMayBeMoreThanTheFlushesAndNotFewer) {
    EXPECT_TRUE(conform(row_with(kTwoPages, "spin,10,1,1,3,3,", "spin,10,1,1,30,3,")).starts_with("agrees\n"));
    EXPECT_TRUE(conform(row_with(kTwoPages, "spin,10,1,1,3,3,", "spin,10,1,1,2,3,")).starts_with("disagrees\n"));
}

TEST(ConformShoot, OneCellInAHundredMayMissAndIsListed) {
    std::string rows;
    for (int i = 0; i < 9; ++i) rows += kTwoPages;
    const std::string changed = row_with(kTwoPages, ",0,8,0,0", ",0,6,0,0");
    const std::string text = conform(rows + changed);
    EXPECT_TRUE(text.starts_with("agrees\n"));
    expect_part(text, "shoot.csv:11: one, munmap_keep on 2 pages");
    expect_part(text, "1 of 100 cells miss; 1 may\n");
    EXPECT_TRUE(conform(rows + changed + changed).starts_with("disagrees\n"));
}

// What a row leaves is there for the next: the first unmapping that frees tables is the last that sleepers hear of.
TEST(ConformShoot, RowsOfOneProcessFollowEachOther) {
    const std::string first = "one,6.1.0,4G,1,2,33,munmap_free,1,1,sleep,1,1,0,1,1,0,0,0,0,1,0,1,0,1,0,0\n";
    const std::string then = "one,6.1.0,4G,1,2,33,munmap_free,1,1,sleep,1,1,0,0,0,0,0,0,0,1,0,0,0,1,0,0\n";
    EXPECT_TRUE(conform(first + then).starts_with("agrees\n"));
    EXPECT_TRUE(conform(then + first).starts_with("disagrees\n"));
    EXPECT_TRUE(conform(first + row_with(first, "one,", "two,")).starts_with("agrees\n"));
}

TEST(ConformShoot, AnOperationOrModeOrKernelThatIsNotKnownIsRefused) {
    expect_part(user_error([] { (void)conform(row_with(kTwoPages, "munmap_keep", "munlock")); }),
                "shoot.csv:2:22: found 'munlock', expected one of munmap_keep, munmap_free, dontneed, ");
    expect_part(user_error([] { (void)conform(row_with(kTwoPages, "spin", "run")); }), "expected none, spin, sleep or other");
    expect_part(user_error([] { (void)conform(row_with(kTwoPages, "6.12.9", "5.10")); }), "a release of 6.1 or 6.12");
    expect_part(user_error([] { (void)conform(row_with(kTwoPages, ",0,8,0,0", ",0,x,0,0")); }), "a count per operation");
}

}  // namespace
}  // namespace splinter::platforms
