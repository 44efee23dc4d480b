// What page walks add to a dependent load, against figures measured on real parts: InstLatx64, *_NewMemLat.txt, full-random
// minus page-random, cycles per access.
#include <gtest/gtest.h>

#include "platforms/run/run_point.h"

namespace splinter::platforms {
namespace {

struct LatencyFigure {
    const char* name;
    const char* platform;
    const char* footprint;
    const char* window;  // pages; half of the L2 TLB, as the measuring program has it
    double extra_cycles;
};

constexpr LatencyFigure kLatencyFigures[] = {
    {"i7_7800X_512MiB", "skylake-x", "512MiB", "768", 59},
    {"i9_12900K_512MiB", "golden-cove", "512MiB", "1024", 41},
    {"i7_7800X_16MiB", "skylake-x", "16MiB", "768", 8},
    {"i9_12900K_16MiB", "golden-cove", "16MiB", "1024", 7},
};

double cycles_per_access(const RunResult& result, std::size_t phase) {
    return result.workloads.front().phases[phase].metrics.at("cycles_per_access");
}

void PrintTo(const LatencyFigure& figure, std::ostream* out) { *out << figure.name; }

class WalkLatencyFigure : public ::testing::TestWithParam<LatencyFigure> {};

TEST_P(WalkLatencyFigure, IsMetWithin30Percent) {
    const LatencyFigure& figure = GetParam();
    const RunResult result = run_point(Experiment::load(SPLINTER_SOURCE_DIR "/configs/experiments/walk-latency.toml",
                                                        {"platform.model=" + std::string{figure.platform},
                                                         "workload.pointer_chase.footprint=" + std::string{figure.footprint},
                                                         "workload.pointer_chase.window=" + std::string{figure.window}})
                                           .resolve_single());
    const double extra = cycles_per_access(result, 0) - cycles_per_access(result, 1);
    EXPECT_NEAR(extra, figure.extra_cycles, 0.3 * figure.extra_cycles);
    RecordProperty("extra_cycles", std::to_string(extra));
}

INSTANTIATE_TEST_SUITE_P(InstLatx64, WalkLatencyFigure, ::testing::ValuesIn(kLatencyFigures),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace splinter::platforms
