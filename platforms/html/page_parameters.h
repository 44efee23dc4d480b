// Every resolved parameter of the results, once.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// By key. Several values where points differ; several ranges, confidences, origins or sources joined by "; ".
struct PageParameter {
    std::string key;
    std::vector<std::string> values;
    std::string range, confidence, origin, source;
};
[[nodiscard]] std::vector<PageParameter> page_parameters(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
