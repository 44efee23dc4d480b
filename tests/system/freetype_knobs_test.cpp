// The knobs of freetype flips in whole runs: what is zeroed, and how long the longest call takes.
#include <gtest/gtest.h>

#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

WorkloadResult run_freetype(const Sets& sets) { return small_run(Sets{"flush.strategy=freetype"} + sets).workloads.front(); }

TEST(FreetypeRun, SaysThatNoKernelHasCheckedItsPolicies) {
    EXPECT_EQ(run_freetype({"freetype.generation=early"}).facts.at("freetype policies"),
              "early, as read in the series; checked against no kernel");
    EXPECT_FALSE(small_run({"flush.strategy=none"}).workloads.front().facts.contains("freetype policies"));
}

TEST(FreetypeRun, ZeroesEachPageOnceForItsOwner) {
    const WorkloadResult result = run_freetype({});
    EXPECT_EQ(metric(result, "steady", "zeroed_bytes"), metric(result, "steady", "pages") * 4096);
}

TEST(FreetypeRun, ZeroesEachPageTwiceIfItIsScrubbedWhenFreed) {
    const WorkloadResult once = run_freetype({});
    const WorkloadResult twice = run_freetype({"freetype.scrub=on-free"});
    EXPECT_EQ(metric(twice, "steady", "zeroed_bytes"), 2 * metric(once, "steady", "zeroed_bytes"));
}

TEST(FreetypeRun, AFlipIsTheLongestCallOfThePopulation) {
    const WorkloadResult result = run_freetype({});
    EXPECT_GT(result.counters.at("flips_to_unmapped"), 0U);
    EXPECT_GE(metric(result, "population", "worst_call_cycles"), metric(result, "population", "alloc_p999_cycles"));
    EXPECT_GT(metric(result, "population", "worst_call_cycles"), metric(result, "population", "alloc_p50_cycles"));
}

TEST(FreetypeRun, ASmallUnitFlipsMoreOftenThanALargeOne) {
    const auto flips = [](const char* unit) { return run_freetype({unit}).counters.at("flips_to_unmapped"); };
    EXPECT_GT(flips("freetype.flip_unit=64KiB"), flips("freetype.flip_unit=2MiB"));
}

}  // namespace
}  // namespace splinter::platforms::testing
