// Periodic work of the kernel in timed runs: on allocating cores and on those of the background loop.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

WorkloadResult kernel_work_run(const Sets& sets) { return small_run(sets).workloads.front(); }

bool has_account(const WorkloadResult& result, LedgerSide side, const std::string& part) {
    for (const LedgerLine& line : result.ledger)
        if (line.side == side && line.path.find(part) != std::string::npos) return true;
    return false;
}

TEST(VmstatWorker, RunsOnEveryCoreOncePerInterval) {
    constexpr std::uint64_t kInterval = 20'000;
    const WorkloadResult result = kernel_work_run({"kernel.stat_interval=" + std::to_string(kInterval) + "cyc"});
    const std::uint64_t most = result.end_cycles / kInterval;
    ASSERT_GT(most, 5U);
    for (std::uint32_t core = 0; core < 8; ++core) {
        const std::uint64_t timers = result.counters.at("core" + std::to_string(core) + ".apic.timers");
        EXPECT_LE(timers, most) << core;
        EXPECT_GE(timers, most / 2) << core;  // each is armed when the one before has done its work
    }
    EXPECT_TRUE(has_account(result, LedgerSide::initiator, "kworker/vmstat"));
    EXPECT_TRUE(has_account(result, LedgerSide::victim, "kworker/vmstat"));
}

TEST(VmstatWorker, OfAShortRunNeverRuns) {
    const WorkloadResult result = kernel_work_run({});
    EXPECT_EQ(result.counters.at("core0.apic.timers"), 0U);
    EXPECT_FALSE(has_account(result, LedgerSide::initiator, "kworker"));
}

const Sets kFreetype{"flush.strategy=freetype", "workload.secretmem.pages=400", "workload.secretmem.think=20000cyc",
                     "workload.secretmem.warm_up=500000cyc"};

TEST(Preflip, KeepsAPoolAboveItsLowMark) {
    const WorkloadResult on_demand = kernel_work_run(kFreetype);
    const WorkloadResult ahead = kernel_work_run(kFreetype + Sets{"freetype.preflip_low=800", "freetype.preflip_high=1500"});
    EXPECT_GE(metric(ahead, "population", "unmapped_free_bytes"), 4096.0 * (800 - 8 * 32));
    EXPECT_TRUE(has_account(ahead, LedgerSide::victim, "kworker/preflip"));
    // No allocation waits for a flip.
    EXPECT_TRUE(has_account(on_demand, LedgerSide::initiator, "acquire/alloc/flip"));
    EXPECT_FALSE(has_account(ahead, LedgerSide::initiator, "acquire/alloc/flip"));
}

TEST(Preflip, ReturnsWholeFreeBlocksAboveTheMark) {
    // One CPU, whose lists keep few pages: blocks become whole again when it has released its pages.
    const Sets freed = kFreetype + Sets{"workload.secretmem.cores_percent=1",
                                        "workload.secretmem.pages=2000",
                                        "workload.secretmem.think=500cyc",
                                        "kernel.pcp_batch=1",
                                        "kernel.pcp_high=4",
                                        "kernel.pcp_high_max=4"};
    const auto mapped = [](const WorkloadResult& result) { return metric(result, "steady", "flips_to_mapped"); };
    EXPECT_EQ(mapped(kernel_work_run(freed)), 0);
    EXPECT_GT(mapped(kernel_work_run(freed + Sets{"freetype.return_above=600"})), 0);
}

TEST(Preflip, MarksThatContradictEachOtherAreRefused) {
    EXPECT_THROW((void)kernel_work_run({"freetype.preflip_low=2"}), UserError);
    EXPECT_THROW((void)kernel_work_run({"freetype.preflip_high=20", "freetype.return_above=19"}), UserError);
}

TEST(Exposure, OfBatchedDeferredIsMeasuredAndDeclared) {
    const WorkloadResult result = kernel_work_run({"flush.strategy=batched-deferred", "flush.deferred_pages=16"});
    EXPECT_GT(metric(result, "population", "exposure_cycles_per_page"), 0);
    EXPECT_TRUE(result.facts.at("exposure").starts_with("declared: protection is deferred by up to 12500000000 cycles"));
}

}  // namespace
}  // namespace splinter::platforms::testing
