// Recorded tables of direct-map operations and memfd_secret: what is compared, and what is refused.
#include <gtest/gtest.h>

#include "platforms/conform/record_formats.h"
#include "tests/platforms/expect_part.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_part;
using testing::ScratchDirectory;
using testing::user_error;

constexpr const char* kOperations =
    "run,kernel,mem,gbpages,smp,cmd,result,level3_splits,level2_splits,DirectMap4k_kB,DirectMap2M_kB,DirectMap1G_kB,"
    "flush_tlb_all_calls,flush_tlb_kernel_range_calls,cpa_flush_calls,full_flush_cpu_executions,ranged_flush_cpu_executions,"
    "kernel_invlpg_total,multi_ipi_sends,single_ipi_sends,call_function_irqs,call_function_single_irqs\n";
constexpr const char* kGrab =
    "one,6.12.9,2G,1,,grab 10 4,\"grabbed 4 blocks of order 10, 1G region at pfn 40000\",,,,,,,,,,,,,,,\n";
constexpr const char* kStart = "# base ffff888000000000\nffff888040000000 ffff888080000000 3 8000000000000183\n";

// One run of two CPUs whose direct map is one leaf of 1 GiB.
struct Table : ::testing::Test {
    ScratchDirectory folder;
    Table() {
        std::filesystem::create_directory(folder.file("dmap_layouts"));
        (void)folder.write("dmap_layouts/one.dmap0", kStart);
        (void)folder.write("dmap_layouts/one.dmap1", kStart);
    }
    void end_is(const std::string& lines) const {
        (void)folder.write("dmap_layouts/one.dmap1", "# base ffff888000000000\n" + lines);
    }
    std::string report(const std::string& rows) const {
        const std::string path = folder.write("dmap_ops.csv", kOperations + rows);
        ConformReport report{Detail::summary};
        run_record_file(path, {}, report);
        return report.text();
    }
    std::string refusal(const std::string& rows) const {
        const std::string message = user_error([&] { (void)report(rows); });
        const std::string path = folder.file("dmap_ops.csv");
        return message.starts_with(path) ? message.substr(path.size()) : message;
    }
};

// A row of two CPUs: three zero deltas of meminfo are not in it.
std::string row(const std::string& cmd, const std::string& counts) { return "one,6.12.9,2G,1,2," + cmd + ",," + counts + "\n"; }
constexpr const char* kOnePage = "1,1,2048,1046528,-1048576,2,1,0,4,2,2,0,3,0,3";

TEST_F(Table, AnOperationOnTwoCpusInterruptsASingleCpu) {
    end_is(
        "ffff888040000000 ffff888040007000 1 8000000000000103\nffff888040007000 ffff888040008000 1 8000000000000000\n"
        "ffff888040008000 ffff888040200000 1 8000000000000103\nffff888040200000 ffff888080000000 2 8000000000000183\n");
    expect_part(report(kGrab + row("inv 7 1 1 1", kOnePage)), "\n6 of 6 agree\n");
}

TEST_F(Table, ACountThatIsOneOffDisagreesAndBothAreShown) {
    const std::string text = report(kGrab + row("tlball", "0,0,0,0,0,1,0,0,3,0,0,0,1,0,1"));
    expect_part(text, "dmap_ops.csv:3: one, tlball\n  full_flush_cpu_executions: recorded 3, model 2\n");
    expect_part(text, "\n2 of 3 agree\n");
}

TEST_F(Table, InterruptsMayDifferByThreeAndNotByFour) {
    expect_part(report(kGrab + row("tlball", "0,0,0,0,0,1,0,0,2,0,0,3,1,0,1")), "\n3 of 3 agree\n");
    expect_part(report(kGrab + row("tlball", "0,0,0,0,0,1,0,0,2,0,0,4,1,0,1")),
                "multi_ipi_sends: recorded 4, model 0, allowed -3 to +3");
}

TEST_F(Table, ALeafThatLostNoGlobalBitDisagrees) {
    end_is("ffff888040000000 ffff888040200000 1 8000000000000103\nffff888040200000 ffff888080000000 2 8000000000000183\n");
    const std::string text = report(kGrab + row("inv 7 1 1 0", "1,1,2048,1046528,-1048576,2,0,0,4,0,0,0,2,0,2") +
                                    row("def 7 1 1", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"));
    expect_part(text, "recorded: frames 40000 to 40200, level 1, flags 8000000000000103\n");
    expect_part(text, "model:    frames 40007 to 40008, level 1, flags 8000000000000003\n");
}

TEST_F(Table, LeavesAndTablePagesAreCounted) {
    const std::string grab = kGrab;
    const auto dmap = [](const char* result) { return std::string{"one,6.12.9,2G,1,,dmap,"} + result + ",,,,,,,,,,,,,,,\n"; };
    const std::string quiet = row("null", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0");
    expect_part(report(grab + quiet + dmap("dmap 4k=0 np4k=0 2m=0 1g=1 ptpages_l1=0 l2=0 l3=1")), "\n4 of 4 agree\n");
    expect_part(report(grab + quiet + dmap("dmap 4k=0 np4k=0 2m=1 1g=1 ptpages_l1=0 l2=0 l3=1")), "\n3 of 4 agree\n");
}

TEST_F(Table, WhatIsUnknownIsRefusedWithWhatIsAllowed) {
    const std::string quiet = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
    expect_part(refusal(kGrab + row("setmem set_memory_rx 0 1", quiet)),
                ":3:26: found 'set_memory_rx', expected a function of 6.12: set_memory_ro, ");
    expect_part(refusal(kGrab + row("collapse 0 1", quiet)),
                ":3:19: found 'collapse 0 1', expected a command: grab, inv, def, ");
    expect_part(refusal(kGrab + row("inv 0 1 1 3", quiet)), ":3:29: found '3', expected a decimal number, 0 to 2,");
    expect_part(refusal(row("inv 0 1 1 1", quiet)), ":2:19: found 'inv 0 1 1 1', expected a grab command before it");
    expect_part(refusal(kGrab + row("inv 300000 1 1 1", quiet)),
                "expected pages below frame 80000, where the recorded direct map ends");
    expect_part(refusal(kGrab + row("null", "0,0")), " fields, as the header has, but there are 9");
}

TEST_F(Table, ALayoutThatIsMissingIsNamed) {
    std::filesystem::remove(folder.file("dmap_layouts/one.dmap1"));
    expect_part(refusal(kGrab + row("null", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0")),
                "dmap_layouts/one.dmap1: no such file, nor one.dmap1.xz");
}

TEST_F(Table, GiantLeavesOnAMachineWithoutThemAreRefused) {
    expect_part(refusal("one,6.12.9,2G,0,2,null,,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"), "found '0', expected 1, since ");
}

// --- memfd_secret ---

constexpr const char* kSecret =
    "run,kernel,mem,gbpages,smp,rep,phase,pages,level3_splits,level2_splits,DirectMap4k_kB,DirectMap2M_kB,DirectMap1G_kB,"
    "flush_tlb_all_calls,flush_tlb_kernel_range_calls,cpa_flush_calls,full_flush_cpu_executions,ranged_flush_cpu_executions,"
    "kernel_invlpg_total,multi_ipi_sends,single_ipi_sends,call_function_irqs,call_function_single_irqs,"
    "user_flush_mm_range_calls,set_direct_map_invalid,set_direct_map_default\n";

struct Secret : ::testing::Test {
    ScratchDirectory folder;
    std::string report(const std::string& rows) const {
        const std::string path = folder.write("secretmem.csv", kSecret + rows);
        ConformReport report{Detail::summary};
        run_record_file(path, {}, report);
        return report.text();
    }
};

TEST_F(Secret, SplitsAreInputAndTheirFlushesArePredicted) {
    expect_part(report("s,6.1.0,4G,1,8,0,fault,100,1,3,6144,1042432,-1048576,4,100,0,32,800,800,104,0,728,0,0,100,0\n"
                       "s,6.1.0,4G,1,8,0,close,100,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,100\n"),
                "\n2 of 2 agree\n");
}

TEST_F(Secret, AFlushTooManyDisagrees) {
    expect_part(report("s,6.1.0,4G,1,8,0,fault,100,1,3,6144,1042432,-1048576,4,100,0,40,800,800,104,0,728,0,0,100,0\n"),
                "secretmem.csv:2: s, rep 0, fault of 100 pages\n  full_flush_cpu_executions: recorded 40, model 32\n");
}

TEST_F(Secret, SplitsThatCannotHaveHappenedAreRefused) {
    const auto refusal = [&](const char* row) { return user_error([&] { (void)report(row); }); };
    expect_part(refusal("s,6.1.0,4G,1,8,0,fault,2,0,3,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"),
                "found '3', expected at least one for each split");
    expect_part(refusal("s,6.1.0,4G,0,8,0,fault,2,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"),
                "found '1', expected 0, since gbpages is 0");
    expect_part(refusal("s,6.1.0,4G,1,8,0,fork,2,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n"), "found 'fork', expected a phase: ");
}

}  // namespace
}  // namespace splinter::platforms
