#include "platforms/results/cost_model.h"

#include <algorithm>
#include <string_view>

namespace splinter::platforms {

namespace {

// Least squares of relative errors, 64 runs of 2 to 256 cores, 2026-11-30. CPU seconds = fixed + per_core N + per_core2 N^2 of
// first-light.toml (1,024 pages, one round; trace mix0-k612) on N cores.
struct Fit {
    std::string_view workload;
    std::string_view strategy;
    double fixed;
    double per_core;
    double per_core2;
};
constexpr Fit kFits[] = {
    {"secretmem", "none", 0.018, 0.0014, 0.0000034},
    {"secretmem", "per-page", 0.025, 0, 0.00068},
    {"secretmem", "batched", 0.020, 0.0027, 0.000084},
    {"secretmem", "freetype", 0.018, 0.0018, 0.0000069},
    {"trace", "none", 0.12, 0.0034, 0},
    {"trace", "per-page", 0.22, 0.034, 0.00013},
    {"trace", "batched", 0.23, 0.026, 0.000069},
    {"trace", "freetype", 0.17, 0.0034, 0.0000015},
};
constexpr std::string_view kMeasuredTrace = "mix0-k612";

constexpr double kMebibyte = 1024.0 * 1024.0;
// Not below any of the measured: 12 to 74 MiB.
constexpr double kFixedMemory = 27 * kMebibyte;
constexpr double kMemoryPerCore = 1.0 * kMebibyte;

// How much longer than the measured run, by what is allocated: first touch and each round of reuse are alike.
std::optional<double> work_of(const WorkloadParams& workload, std::string_view name) {
    if (name == "secretmem")
        return static_cast<double>(workload.secretmem.pages) * static_cast<double>(1 + workload.secretmem.rounds) / (1024 * 2);
    const bool is_measured = workload.trace.directory.ends_with(kMeasuredTrace) && workload.trace.file.empty();
    return is_measured ? std::optional{1.0} : std::nullopt;
}

std::optional<double> seconds_of(const RunConfig& config, std::string_view name) {
    const auto* fit = std::find_if(std::begin(kFits), std::end(kFits), [&](const Fit& each) {
        return each.workload == name && each.strategy == config.flush.strategy;
    });
    if (fit == std::end(kFits)) return std::nullopt;
    const std::optional<double> work = work_of(config.workload, name);
    const auto cores = static_cast<double>(config.hw.cores);
    if (!work) return std::nullopt;
    return fit->fixed + *work * (fit->per_core * cores + fit->per_core2 * cores * cores);
}

}  // namespace

std::optional<double> modelled_seconds(const RunConfig& config) {
    double sum = 0;
    for (const std::string& name : config.workload.run) {
        const std::optional<double> seconds = seconds_of(config, name);
        if (!seconds) return std::nullopt;
        sum += *seconds;
    }
    return sum;
}

std::uint64_t modelled_bytes(const RunConfig& config) {
    return static_cast<std::uint64_t>(kFixedMemory + kMemoryPerCore * static_cast<double>(config.hw.cores));
}

std::string cost_model_origin() {
    return "fitted to 64 runs of first-light.toml, 2 to 256 cores, version 0.1.0, on a busy 2-core host, each within 36 %; "
           "more cores, other parameters and other hosts are extrapolated";
}

}  // namespace splinter::platforms
