// What `compare` and `sweep` print: the tables, then where the ranking changes.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

std::string comparison_report(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
