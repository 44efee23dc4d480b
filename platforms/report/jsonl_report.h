// The figures of a comparison as JSON Lines: what csv_report.h has, without columns that must be the same for all rows.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// One line per point, workload and phase: {"point": {key: value}, "workload", "phase", "metrics": {id: number}, "end_cycles",
// "state_hash"}. `point` has the label columns of the CSV, whole numbers as numbers; `metrics` all figures of the phase.
std::string jsonl_report(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
