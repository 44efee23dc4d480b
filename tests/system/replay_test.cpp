// Real kernels' traces, replayed on few and many cores.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "platforms/run/replay.h"

namespace splinter::platforms::testing {
namespace {

// One of each kernel: replays without time look at the others (tests/platforms/level_replay_test.cpp).
std::vector<std::string> traces() { return {"mix0-k612", "secret512-k61"}; }

using ReplayCase = std::tuple<std::string, unsigned>;  // trace, cores

class Replay : public ::testing::TestWithParam<ReplayCase> {};

TEST_P(Replay, EndsWithTheFreePagesOfTheSnapshot) {
    const auto& [trace, cores] = GetParam();
    const ReplayReport report = replay_trace(
        SPLINTER_SOURCE_DIR "/tests/data/traces/" + trace,
        {"platform.cores=" + std::to_string(cores), "workload.trace.warm_up=0cyc", "workload.trace.baseline=0cyc"});
    EXPECT_GT(report.allocations, 500U);
    EXPECT_EQ(report.failures, 0U);
    EXPECT_EQ(report.overlaps, 0U);
    EXPECT_TRUE(report.free_pages_compared);
    ASSERT_FALSE(report.zones.empty());
    for (const ZoneBalance& zone : report.zones) EXPECT_EQ(zone.free, zone.expected_free) << zone.zone;
    EXPECT_TRUE(report.agrees());
}

INSTANTIATE_TEST_SUITE_P(Traces, Replay, ::testing::Combine(::testing::ValuesIn(traces()), ::testing::Values(1U, 2U, 7U)),
                         [](const auto& test) {
                             std::string name = std::get<0>(test.param) + "_on_" + std::to_string(std::get<1>(test.param));
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace splinter::platforms::testing
