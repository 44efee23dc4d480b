// The pool and free memory in whole runs: what the moments of a strategy add up to is what the allocator holds.
#include <gtest/gtest.h>

#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

class Pool : public ::testing::TestWithParam<std::string> {};

TEST_P(Pool, IsTheSumOfItsMoments) {
    const std::string found = run_in_child([&] {
        const RunConfig config = small_config({"flush.strategy=" + GetParam(), "flush.batch_pages=8"});
        const auto workload = find_workload("secretmem").make(config);
        Session session{config, *workload};
        session.run();
        const auto held = static_cast<std::int64_t>(session.node().kernel().unmapped_free_pages().raw());
        return std::to_string(held) + " " + std::to_string(session.pool().pages());
    });
    EXPECT_EQ(found.substr(0, found.find(' ')), found.substr(found.find(' ') + 1));
}

INSTANTIATE_TEST_SUITE_P(Strategies, Pool, ::testing::Values("per-page", "batched", "freetype"), [](const auto& test) {
    std::string name = test.param;
    std::erase(name, '-');
    return name;
});

TEST(Statistics, EveryRequestOfPerPageMissesThePool) {
    const RunResult result = small_run({"flush.strategy=per-page"});
    for (const std::string phase : {"population", "steady"}) {
        EXPECT_EQ(metric(result.workloads[0], phase, "pool_hit_percent"), 0);
        EXPECT_EQ(metric(result.workloads[0], phase, "flips_to_unmapped"), 0);
        EXPECT_EQ(metric(result.workloads[0], phase, "stranded_free_bytes"), 0);
        EXPECT_GT(metric(result.workloads[0], phase, "pool_mean_bytes"), 0);  // between unmapping and hand-out
        EXPECT_LT(metric(result.workloads[0], phase, "pool_mean_bytes"), 4 * kPageBytes);
    }
}

TEST(Statistics, BatchedMissesOncePerBatch) {
    const RunResult result = small_run({"flush.strategy=batched", "flush.batch_pages=8"});
    EXPECT_EQ(metric(result.workloads[0], "population", "pool_hit_percent"), 100.0 * 7 / 8);
}

TEST(Statistics, FreetypeMissesOncePerFlipAndServesTheSteadyStateFromItsPool) {
    const RunResult result = small_run({"flush.strategy=freetype"});
    const WorkloadResult& secretmem = result.workloads[0];
    const double requests = metric(secretmem, "population", "pages");
    const double flips = metric(secretmem, "population", "flips_to_unmapped");
    ASSERT_GT(flips, 0);
    EXPECT_DOUBLE_EQ(metric(secretmem, "population", "pool_hit_percent"), 100 * (requests - flips) / requests);
    EXPECT_EQ(metric(secretmem, "steady", "pool_hit_percent"), 100);
    EXPECT_EQ(metric(secretmem, "steady", "flips_to_unmapped"), 0);
    EXPECT_GT(metric(secretmem, "steady", "pool_mean_bytes"), metric(secretmem, "population", "unmapped_free_bytes") / 2);
    EXPECT_GT(metric(secretmem, "steady", "stranded_free_bytes"), 0);
}

TEST(Statistics, WithoutProtectionThereIsNoPool) {
    const RunResult result = small_run({"flush.strategy=none"});
    for (const Phase& phase : result.workloads[0].phases) {
        EXPECT_FALSE(phase.metrics.contains("pool_hit_percent"));
        EXPECT_FALSE(phase.metrics.contains("pool_mean_bytes"));
        EXPECT_TRUE(phase.metrics.contains("fragmentation_index_order9"));
    }
}

TEST(Statistics, TheDirectMapOfMeminfoIsTheMachinesMemoryWhateverWasSplit) {
    const auto leaves = [](const RunResult& result) {
        std::uint64_t kbytes = 0;
        const std::string& meminfo = result.workloads[0].proc.at("meminfo");
        for (const char* name : {"DirectMap4k:", "DirectMap2M:", "DirectMap1G:"})
            kbytes += std::stoull(meminfo.substr(meminfo.find(name) + 12));
        return kbytes;
    };
    const RunResult none = small_run({"flush.strategy=none"});
    const RunResult split = small_run({"flush.strategy=per-page"});
    EXPECT_EQ(none.workloads[0].counters.at("direct_map_level2_splits"), 0U);
    const std::uint64_t splits = split.workloads[0].counters.at("direct_map_level2_splits");
    EXPECT_GT(splits, 0U);
    EXPECT_EQ(leaves(split), leaves(none));
    const auto small = [](const RunResult& result) {
        const std::string& meminfo = result.workloads[0].proc.at("meminfo");
        return std::stoull(meminfo.substr(meminfo.find("DirectMap4k:") + 12));
    };
    EXPECT_EQ(small(split) - small(none), splits * 2048);
}

}  // namespace
}  // namespace splinter::platforms::testing
