// What switching the key register costs fork and munmap, against the first table of kpkeys v5 (K. Brodsky, 15 Aug 2025: EC2
// M7g, register switching only; increase in percent). The four unbatched figures are what the platform's base costs are fitted
// to; the batched ones are not fitted.
#include <gtest/gtest.h>

#include "platforms/run/run_point.h"

namespace splinter::platforms {
namespace {

struct SwitchingFigure {
    const char* name;
    const char* workload;
    const char* folios;
    const char* scope;
    double increase;   // published
    double tolerance;  // points
};

constexpr double kFitted = 5;      // costs are whole cycles
constexpr double kPredicted = 10;  // the published ones scatter below zero
constexpr SwitchingFigure kSwitchingFigures[] = {
    {"fork_small_unbatched", "fork", "small", "entry", 217.31, kFitted},
    {"fork_huge_unbatched", "fork", "huge", "entry", 275.25, kFitted},
    {"munmap_small_unbatched", "munmap", "small", "entry", 15.57, kFitted},
    {"munmap_huge_unbatched", "munmap", "huge", "entry", 169.53, kFitted},
    {"fork_small_batched", "fork", "small", "lazy", -0.97, kPredicted},
    {"fork_huge_batched", "fork", "huge", "lazy", 2.25, kPredicted},
    {"munmap_small_batched", "munmap", "small", "lazy", -1.95, kPredicted},
    {"munmap_huge_batched", "munmap", "huge", "lazy", 6.53, kPredicted},
};

void PrintTo(const SwitchingFigure& figure, std::ostream* out) { *out << figure.name; }

double cycles(const SwitchingFigure& figure, const std::string& mock) {
    const RunResult result =
        run_point(Experiment::load(
                      SPLINTER_SOURCE_DIR "/configs/experiments/kpkeys-switching.toml",
                      {"workload.run=" + std::string{figure.workload}, "workload.mapping.folios=" + std::string{figure.folios},
                       "kernel.page_tables.mock=" + mock, "kernel.page_tables.key_scope=" + std::string{figure.scope}})
                      .resolve_single());
    return result.workloads.front().phases.front().metrics.at("cycles_per_operation");
}

class KpkeysSwitching : public ::testing::TestWithParam<SwitchingFigure> {};

TEST_P(KpkeysSwitching, IncreasesTheTimeAsPublished) {
    const SwitchingFigure& figure = GetParam();
    const double increase = 100 * (cycles(figure, "switch-only") / cycles(figure, "none") - 1);
    RecordProperty("increase_percent", std::to_string(increase));
    EXPECT_NEAR(increase, figure.increase, figure.tolerance);
}

INSTANTIATE_TEST_SUITE_P(V5, KpkeysSwitching, ::testing::ValuesIn(kSwitchingFigures),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace splinter::platforms
