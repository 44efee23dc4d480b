// Finding a workload, a phase or a figure in results; names in the order in which the runs give them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Null or empty if there is none of that name.
const WorkloadResult* find_workload(const RunResult& result, std::string_view workload);
const Phase* find_phase(const RunResult& result, std::string_view workload, std::string_view phase);
std::optional<double> find_metric(const Phase& phase, std::string_view metric);

std::vector<std::string> workload_names(const std::vector<PointResult>& points);
std::vector<std::string> phase_names(const std::vector<PointResult>& points, std::string_view workload);

}  // namespace splinter::platforms
