// All figures as JSON Lines (jsonlines.org): for jq, pandas and the like.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// A line for each point (replicas apart), workload and phase: {"point": {key: value}, "seed", "workload", "phase", "metrics",
// "end_cycles", "state_hash"}. `point` has the labels of the CSV.
std::string jsonl_report(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
