// The workloads that use page-table pages, as whole runs.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "platforms/workload/workload.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

const Sets kUnflushedKeys{"platform.model=sapphire-rapids-2s", "kernel.page_tables.mock=switch-only", "flush.strategy=none"};
const Sets kOne = kUnflushedKeys + Sets{"platform.cores=1", "workload.mapping.bytes=8MiB"};
const Sets kWorkloadChurn = kUnflushedKeys + Sets{"workload.run=pgtable-churn",
                                                  "platform.memory=512MiB",
                                                  "flush.strategy=freetype",
                                                  "workload.pgtable_churn.operations=20",
                                                  "workload.pgtable_churn.secretmem_percent=30",
                                                  "workload.pgtable_churn.flippers=2",
                                                  "workload.pgtable_churn.flip_blocks=2",
                                                  "workload.pgtable_churn.warm_up=2000cyc",
                                                  "workload.pgtable_churn.baseline=5000cyc"};

double figure(const Sets& sets, const std::string& workload, const std::string& name) {
    return metric(small_run(sets + Sets{"workload.run=" + workload}).workloads.front(), workload, name);
}

// 2048 PTEs in 4 tables; 6 tables below the root are cleared and pointed to; the root is cleared and gets the kernel's half.
TEST(PageTableWorkloads, ForkReportsTheKeyWritesOfTheForkAlone) {
    EXPECT_EQ(figure(kOne, "fork", "pkrs_writes_per_operation"), 4 * 2048 + 6 * 4 + 4);
    EXPECT_EQ(figure(kOne + Sets{"kernel.page_tables.key_scope=lazy"}, "fork", "pkrs_writes_per_operation"), 4 * 2 + 6 * 4 + 4);
    EXPECT_EQ(figure(kOne + Sets{"kernel.page_tables.mock=none"}, "fork", "pkrs_writes_per_operation"), 0);
    EXPECT_EQ(figure(kOne, "fork", "tables_per_operation"), 7);
}

// The difference of two runs is the register's alone: two writes of 60 cycles for each entry that is cleared.
TEST(PageTableWorkloads, MunmapTakesTwoWritesOfTheKeyRegisterMorePerEntry) {
    const double plain = figure(kOne + Sets{"kernel.page_tables.mock=none"}, "munmap", "cycles_per_operation");
    EXPECT_EQ(figure(kOne, "munmap", "cycles_per_operation") - plain, 60 * (2 * 2048 + 2 * 6));
}

TEST(PageTableWorkloads, VmallocSharesASectionAmongThePagesOfACall) {
    const Sets vmalloc = kUnflushedKeys + Sets{"platform.cores=1", "workload.vmalloc.calls=2", "workload.vmalloc.pages=64"};
    // Two tables, of PDEs and of PTEs, are made by the first call: 4 writes each.
    EXPECT_EQ(figure(vmalloc, "vmalloc", "pkrs_writes_per_operation"), 2 * 64 * 2 + 2 * 4 / 2);
    EXPECT_EQ(figure(vmalloc + Sets{"kernel.page_tables.key_scope=lazy"}, "vmalloc", "pkrs_writes_per_operation"),
              2 * 2 + 2 * 4 / 2);
}

TEST(PageTableWorkloads, ChurnGivesBackEveryTableAndFlipsMeanwhile) {
    const WorkloadResult result = small_run(kWorkloadChurn).workloads.front();
    EXPECT_GT(result.counters.at("pgtables_allocated"), 0U);
    EXPECT_EQ(result.counters.at("pgtables_allocated"), result.counters.at("pgtables_freed"));
    EXPECT_GT(metric(result, "churn", "flips"), 0);
    EXPECT_GT(metric(result, "churn", "pages"), 0);
    // Root, table of PDPTEs, and two for each of four areas.
    EXPECT_EQ(metric(result, "churn", "tables_per_operation"), 10);
}

TEST(PageTableWorkloads, GiveTheSameResultsForEveryQuantum) {
    const Sets vmalloc = kUnflushedKeys + Sets{"workload.run=vmalloc", "workload.vmalloc.cores_percent=50",
                                               "workload.vmalloc.calls=50", "workload.vmalloc.pages=3"};
    for (const Sets& load : {kWorkloadChurn, vmalloc}) {
        const std::uint64_t hash = small_run(load).workloads.front().state_hash;
        for (const char* quantum : {"1", "117", "500"})
            EXPECT_EQ(small_run(load + Sets{std::string{"platform.quantum="} + quantum}).workloads.front().state_hash, hash)
                << quantum << load.back();
    }
}

TEST(PageTableWorkloads, RefuseMoreFlippersThanOtherCores) {
    const RunConfig config = small_config(kWorkloadChurn + Sets{"workload.pgtable_churn.flippers=5"});  // 4 of 8 cores churn
    EXPECT_THROW((void)make_pgtable_churn(config), UserError);
}

}  // namespace
}  // namespace splinter::platforms::testing
