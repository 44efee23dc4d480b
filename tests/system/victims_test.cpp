// What flushes take from cores that have nothing to do with them, and how it splits.
#include <gtest/gtest.h>

#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

// One core flips pages; seven run loops of one kind.
WorkloadResult victims(const std::string& kernel_percent, const std::string& strategy = "per-page") {
    return small_run({"flush.strategy=" + strategy, "workload.background.kernel_percent=" + kernel_percent,
                      "workload.secretmem.cores_percent=1", "workload.secretmem.pages=200",
                      "workload.secretmem.baseline=400000cyc", "workload.secretmem.warm_up=200000cyc"})
        .workloads.front();
}

double of_population(const WorkloadResult& result, const std::string& name) { return metric(result, "population", name); }

// With fixed cache latencies an access takes its work, its translation and nothing else.
TEST(Victims, LoseWhatInterruptsAndTlbMissesTakeAndNothingElse) {
    for (const std::string kernel_percent : {"0", "25", "100"}) {
        const WorkloadResult result = victims(kernel_percent);
        const double slowdown = of_population(result, "victim_slowdown_percent");
        EXPECT_GT(slowdown, 1) << kernel_percent;
        EXPECT_NEAR(of_population(result, "victim_interrupt_percent") + of_population(result, "victim_refill_percent"),
                    slowdown, 0.05)
            << kernel_percent;
    }
}

// Entry and exit cost more from user mode: 900 cycles and 220 of page-table isolation against 500.
TEST(Victims, InUserModeLoseMoreToInterruptsThanInTheKernel) {
    EXPECT_GT(of_population(victims("0"), "victim_interrupt_percent"),
              1.2 * of_population(victims("100"), "victim_interrupt_percent"));
}

TEST(Victims, LoseNothingToInterruptsWithoutFlushes) {
    const WorkloadResult result = victims("25", "none");
    EXPECT_EQ(of_population(result, "victim_interrupt_percent"), 0);
    EXPECT_EQ(of_population(result, "flushes_per_second"), 0);
}

TEST(Victims, LoseOnePercentAtTheRateThatIsDerivedFromTheMeasuredOne) {
    const WorkloadResult result = victims("25");
    EXPECT_DOUBLE_EQ(
        of_population(result, "flushes_per_second_for_1_percent") * of_population(result, "victim_slowdown_percent"),
        of_population(result, "flushes_per_second"));
    // 200 pages and the splits of their leaves, in the time of the phase.
    const double seconds = of_population(result, "flushes") / of_population(result, "flushes_per_second");
    EXPECT_NEAR(seconds, 200 * (2000 + of_population(result, "cycles_per_page")) / 2.5e9, 0.05 * seconds);
}

WorkloadResult sampled(const std::string& cores) {
    return small_run({"flush.strategy=per-page", "platform.cores=16", "workload.background.sampled_cores=" + cores,
                      "workload.secretmem.cores_percent=1", "workload.secretmem.pages=200",
                      "workload.secretmem.baseline=400000cyc", "workload.secretmem.warm_up=200000cyc"})
        .workloads.front();
}

std::uint64_t accessing_cores(const WorkloadResult& result) {
    std::uint64_t cores = 0;
    for (const auto& [name, value] : result.counters) cores += name.ends_with(".background.accesses") && value > 0 ? 1 : 0;
    return cores;
}

// Those that do not access memory are interrupted all the same. One flush per page: enough interrupts for the means of user
// and kernel mode, whose entries cost differently.
TEST(Victims, OfASampleStandForAll) {
    const WorkloadResult all = sampled("0");
    const WorkloadResult five = sampled("5");
    EXPECT_EQ(accessing_cores(all), 15U);
    EXPECT_EQ(accessing_cores(five), 5U);
    EXPECT_NEAR(of_population(five, "victim_slowdown_percent"), of_population(all, "victim_slowdown_percent"),
                0.1 * of_population(all, "victim_slowdown_percent"));
    EXPECT_NEAR(of_population(five, "stolen_cycles_per_page"), of_population(all, "stolen_cycles_per_page"),
                0.02 * of_population(all, "stolen_cycles_per_page"));
    EXPECT_NE(five.facts.at("sample").find("5 of 15 victims"), std::string::npos);
    EXPECT_FALSE(all.facts.contains("sample"));
}

TEST(Victims, AreAllSampledIfFewerRunThanAreWanted) { EXPECT_EQ(sampled("1000").state_hash, sampled("0").state_hash); }

}  // namespace
}  // namespace splinter::platforms::testing
