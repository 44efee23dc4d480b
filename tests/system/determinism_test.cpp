// Same configuration and seed, same bytes.
#include <gtest/gtest.h>

#include "platforms/run/run_result_json.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

const Sets kTrace = trace_sets("secret512-k61", "gfp:GFP_HIGHUSER|__GFP_ACCOUNT");

class Determinism : public ::testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] static Sets of_workload() { return kTrace + Sets{"workload.run=" + GetParam()}; }
};

TEST_P(Determinism, TheSameConfigurationAndSeedGiveTheSameBytes) {
    EXPECT_EQ(to_json(small_run(of_workload())), to_json(small_run(of_workload())));
}

TEST_P(Determinism, AnotherSeedGivesAnotherState) {
    const auto one = small_run(of_workload() + Sets{"platform.seed=1"}).workloads.front();
    const auto two = small_run(of_workload() + Sets{"platform.seed=2"}).workloads.front();
    EXPECT_NE(one.state_hash, two.state_hash);
}

TEST_P(Determinism, TheBusChangesNoCycleAndNoState) {
    const auto dmi = small_run(of_workload() + Sets{"platform.bus=dmi"});
    auto tlm = small_run(of_workload() + Sets{"platform.bus=tlm"});
    tlm.config = dmi.config;  // they differ in platform.bus
    EXPECT_EQ(to_json(dmi), to_json(tlm));
}

INSTANTIATE_TEST_SUITE_P(Workloads, Determinism, ::testing::Values("secretmem", "trace"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace splinter::platforms::testing
