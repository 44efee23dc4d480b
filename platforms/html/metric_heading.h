// A metric's heading in running text: "cycles/page", where the text table's "cycles /page" may be broken at its space.
#pragma once

#include <string>

#include "platforms/run/metrics.h"

namespace splinter::platforms {

[[nodiscard]] inline std::string metric_heading(const MetricInfo& metric) {
    std::string heading{metric.heading};
    for (std::size_t at = heading.find(" /"); at != std::string::npos; at = heading.find(" /")) heading.erase(at, 1);
    return heading;
}

}  // namespace splinter::platforms
