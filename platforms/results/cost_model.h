// Host time and memory of a run, fitted to measured runs: what a sweep is planned with before any of its points is measured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "platforms/config/run_config.h"

namespace splinter::platforms {

// CPU seconds of all workloads of the point; nothing if one of them, with its strategy, was never measured.
[[nodiscard]] std::optional<double> modelled_seconds(const RunConfig& config);

// The most that one of its processes has resident.
[[nodiscard]] std::uint64_t modelled_bytes(const RunConfig& config);

// One sentence: which runs, on what, how far off.
[[nodiscard]] std::string cost_model_origin();

}  // namespace splinter::platforms
