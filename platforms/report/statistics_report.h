// The end of `run`: what became of free memory, in the figures that the comparison table has no room for.
#pragma once

#include <string>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// A table for each workload, a column for each of its phases; "" if there is nothing to tell.
std::string statistics_report(const RunResult& result);

}  // namespace splinter::platforms
