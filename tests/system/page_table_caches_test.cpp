// platform.page_table_caches in whole runs: what must not change a result, and what must.
#include <gtest/gtest.h>

#include "platforms/run/run_point.h"

namespace splinter::platforms {
namespace {

const std::string kSmoke = SPLINTER_SOURCE_DIR "/configs/experiments/smoke.toml";

RunResult run(const std::string& caches, std::vector<std::string> sets) {
    sets.push_back("platform.page_table_caches=" + caches);
    return run_point(Experiment::load(kSmoke, sets).resolve_single());
}

std::uint64_t state_hash(const std::string& caches, std::vector<std::string> sets) {
    return run(caches, std::move(sets)).workloads.front().state_hash;
}

class PageTableCaches : public testing::TestWithParam<const char*> {};

TEST_P(PageTableCaches, GiveEqualResultsByTransportAndByDmi) {
    EXPECT_EQ(state_hash(GetParam(), {"platform.bus=tlm"}), state_hash(GetParam(), {"platform.bus=dmi"}));
}

TEST_P(PageTableCaches, GiveEqualResultsForEveryQuantum) {
    const std::uint64_t reference = state_hash(GetParam(), {"platform.quantum=1"});
    for (const char* quantum : {"platform.quantum=7", "platform.quantum=100", "platform.quantum=0"})
        EXPECT_EQ(state_hash(GetParam(), {quantum}), reference) << quantum;
}

// Pages are unmapped and flushed one by one here, while eight cores share the last-level cache of each socket.
TEST_P(PageTableCaches, GiveEqualResultsForEveryQuantumWhenManyFlushesGoOn) {
    const std::vector<std::string> busy{"platform.cores=8", "flush.strategy=per-page", "workload.secretmem.cores_percent=50",
                                        "workload.secretmem.pages=64", "workload.background.user_footprint=8MiB"};
    const auto hash = [&](const char* quantum) {
        std::vector<std::string> sets = busy;
        sets.emplace_back(quantum);
        return state_hash(GetParam(), sets);
    };
    EXPECT_EQ(hash("platform.quantum=0"), hash("platform.quantum=1"));
}

// Caches so small that what one core finds in the last level depends on what the others have just read.
TEST_P(PageTableCaches, GiveEqualResultsForEveryQuantumWhenCoresEvictEachOthersLines) {
    const std::vector<std::string> small{"hw.mem.l1d.bytes=512B",      "hw.mem.l1d.ways=2",     "hw.mem.l2.bytes=1KiB",
                                         "hw.mem.l2.ways=2",           "hw.mem.llc.bytes=8KiB", "hw.mem.llc.ways=2",
                                         "workload.secretmem.pages=64"};
    const auto hash = [&](const char* quantum) {
        std::vector<std::string> sets = small;
        sets.emplace_back(quantum);
        return state_hash(GetParam(), sets);
    };
    EXPECT_EQ(hash("platform.quantum=0"), hash("platform.quantum=1"));
}

INSTANTIATE_TEST_SUITE_P(Modes, PageTableCaches, testing::Values("fixed", "l2", "l2+llc"));

TEST(PageTableCachesOff, FixedCountsNoLevels) {
    EXPECT_FALSE(run("fixed", {}).workloads.front().counters.contains("core0.caches.page_table.l1d"));
}

TEST(PageTableCachesOn, InterleavedFramesAreReadFromBothSockets) {
    const auto counters = run("l2+llc", {"workload.secretmem.pages=64"}).workloads.front().counters;
    EXPECT_GT(counters.at("core1.caches.data.dram_local"), 0U);
    EXPECT_GT(counters.at("core1.caches.data.dram_remote"), 0U);
}

}  // namespace
}  // namespace splinter::platforms
