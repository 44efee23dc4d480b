// Every parameter of an experiment: what it is set to, who set it, where the number comes from and how sure it is.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// One line per parameter; several if points differ in it, the values in the order of the points. `configs` has the resolved
// config of each point.
[[nodiscard]] std::string parameter_report(const std::vector<std::vector<ConfigEntry>>& configs);

}  // namespace splinter::platforms
