// The figures of a comparison for spreadsheets and scripts.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// A heading line, then one row per point, workload and phase: label columns by their keys, workload, phase, every metric
// (empty where it does not exist), end_cycles and state_hash (hexadecimal) of the workload.
std::string csv_report(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
