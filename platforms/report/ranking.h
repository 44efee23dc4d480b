// Which strategy is best, and at which core counts the answer changes.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Strategies by cycles_per_page, lowest first, per workload (its steady phase, or its last where there is none) and per
// combination of the other axes, core counts in increasing order. "" if there is nothing to rank.
std::string ranking_report(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
