// platform.page_table_caches in whole runs: what must not change a result, and what must.
#include <gtest/gtest.h>

#include <set>

#include "platforms/run/run_point.h"

namespace splinter::platforms {
namespace {

const std::string kExperiments = SPLINTER_SOURCE_DIR "/configs/experiments/";

using Sets = std::vector<std::string>;

Sets operator+(Sets sets, const Sets& more) {
    sets.insert(sets.end(), more.begin(), more.end());
    return sets;
}

RunResult run_experiment(const std::string& experiment, const std::string& caches, const Sets& sets) {
    return run_point(
        Experiment::load(kExperiments + experiment, sets + Sets{"platform.page_table_caches=" + caches}).resolve_single());
}

// The cycle at which the run ended; and every core's time, ledger and counters.
struct Outcome {
    std::uint64_t end_cycles;
    std::uint64_t state_hash;
    friend bool operator==(const Outcome&, const Outcome&) = default;
    friend void PrintTo(const Outcome& outcome, std::ostream* out) {
        *out << outcome.end_cycles << " cycles, state " << outcome.state_hash;
    }
};

Outcome outcome(const std::string& experiment, const std::string& caches, const Sets& sets) {
    const WorkloadResult workload = run_experiment(experiment, caches, sets).workloads.front();
    return {workload.end_cycles, workload.state_hash};
}

// Pages are unmapped and flushed one by one, while eight cores share the last-level cache of each socket.
const Sets kBusy{"platform.cores=8", "flush.strategy=per-page", "workload.secretmem.cores_percent=50",
                 "workload.secretmem.pages=64", "workload.background.user_footprint=8MiB"};
// Caches so small that what one core finds in the last level depends on what the others have just read.
const Sets kSmallCaches{"hw.mem.l1d.bytes=512B", "hw.mem.l1d.ways=2", "hw.mem.l2.bytes=1KiB",       "hw.mem.l2.ways=2",
                        "hw.mem.llc.bytes=8KiB", "hw.mem.llc.ways=2", "workload.secretmem.pages=64"};
// A walk for nearly every access.
const Sets kChase{"platform.model=skylake-x", "workload.pointer_chase.footprint=16MiB", "workload.pointer_chase.warm_up=0",
                  "workload.pointer_chase.accesses=20000"};

class PageTableCaches : public ::testing::TestWithParam<const char*> {
  protected:
    static void expect_equal_by_transport_and_by_dmi(const std::string& experiment, const Sets& sets) {
        EXPECT_EQ(outcome(experiment, GetParam(), sets + Sets{"platform.bus=tlm"}),
                  outcome(experiment, GetParam(), sets + Sets{"platform.bus=dmi"}));
    }
    static void expect_equal_for_quantum_1_and_the_largest(const Sets& sets) {
        EXPECT_EQ(outcome("smoke.toml", GetParam(), sets + Sets{"platform.quantum=0"}),
                  outcome("smoke.toml", GetParam(), sets + Sets{"platform.quantum=1"}));
    }
};

TEST_P(PageTableCaches, GiveEqualResultsByTransportAndByDmi) { expect_equal_by_transport_and_by_dmi("smoke.toml", {}); }

TEST_P(PageTableCaches, GiveEqualResultsByTransportAndByDmiWhenManyFlushesGoOn) {
    expect_equal_by_transport_and_by_dmi("smoke.toml", kBusy);
}

TEST_P(PageTableCaches, GiveEqualResultsByTransportAndByDmiWhenCoresEvictEachOthersLines) {
    expect_equal_by_transport_and_by_dmi("smoke.toml", kSmallCaches);
}

TEST_P(PageTableCaches, GiveEqualResultsByTransportAndByDmiWhereNearlyEveryAccessWalks) {
    expect_equal_by_transport_and_by_dmi("walk-latency.toml", kChase);
}

TEST_P(PageTableCaches, GiveEqualResultsForEveryQuantum) {
    const Outcome reference = outcome("smoke.toml", GetParam(), {"platform.quantum=1"});
    for (const char* quantum : {"platform.quantum=7", "platform.quantum=100", "platform.quantum=0"})
        EXPECT_EQ(outcome("smoke.toml", GetParam(), {quantum}), reference) << quantum;
}

TEST_P(PageTableCaches, GiveEqualResultsForEveryQuantumWhenManyFlushesGoOn) {
    expect_equal_for_quantum_1_and_the_largest(kBusy);
}

TEST_P(PageTableCaches, GiveEqualResultsForEveryQuantumWhenCoresEvictEachOthersLines) {
    expect_equal_for_quantum_1_and_the_largest(kSmallCaches);
}

INSTANTIATE_TEST_SUITE_P(Modes, PageTableCaches, ::testing::Values("fixed", "l2", "l2+llc"));

TEST(PageTableCachesModes, TakeTimesOfTheirOwnWhereNearlyEveryAccessWalks) {
    std::set<std::uint64_t> ends;
    for (const char* caches : {"fixed", "l2", "l2+llc"}) ends.insert(outcome("walk-latency.toml", caches, kChase).end_cycles);
    EXPECT_EQ(ends.size(), 3U);
}

TEST(PageTableCachesOff, FixedCountsNoLevels) {
    EXPECT_FALSE(run_experiment("smoke.toml", "fixed", {}).workloads.front().counters.contains("core0.caches.page_table.l1d"));
}

TEST(PageTableCachesOn, InterleavedFramesAreReadFromBothSockets) {
    const auto counters = run_experiment("smoke.toml", "l2+llc", {"workload.secretmem.pages=64"}).workloads.front().counters;
    EXPECT_GT(counters.at("core1.caches.data.dram_local"), 0U);
    EXPECT_GT(counters.at("core1.caches.data.dram_remote"), 0U);
}

}  // namespace
}  // namespace splinter::platforms
