// The comparison that splinter is for: one row per point, one table per workload and phase, so that what first touch costs and
// what reuse costs stand apart.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// "secretmem, population (first touch)", "secretmem, steady state (reuse)"; "trace" alone where the phase has the same name.
std::string section_title(const std::string& workload, const std::string& phase);

// Ratios are given for cycles_per_page only: to strategy `none` of the same other labels, or to the first strategy where
// `none` was not run. Points that differ in their seed only are one row: means, "+-" half the width of the 95 % confidence
// interval. "-" is a figure that does not exist in the phase. Facts about the runs follow as notes.
std::string comparison_table(const std::vector<PointResult>& points);

}  // namespace splinter::platforms
