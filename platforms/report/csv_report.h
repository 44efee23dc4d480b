// The figures of a comparison for spreadsheets and scripts.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// A heading line, then one row per point, workload and phase: label columns by their keys, workload, phase, every metric
// (empty where it does not exist), end_cycles and state_hash (hexadecimal) of the workload. Points that differ in their seed
// only are one row: `replicas`, and for each metric its mean and METRIC_ci95, half the width of the 95 % confidence interval
// (empty where one replica has the metric); end_cycles and state_hash, which have no mean, are left out then.
std::string csv_report(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
