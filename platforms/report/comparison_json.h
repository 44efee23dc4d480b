// Several points in one JSON text: what `compare --json` and `sweep --json` write.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// {"schema", "points": [{"key": {axis: value}, "result": as to_json()}]}
std::string comparison_json(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
