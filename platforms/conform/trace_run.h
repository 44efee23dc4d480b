// Allocation traces of recorded kernels, each a directory, as ground truth for `splinter conform`.
#pragma once

#include <string>

#include "platforms/conform/conform_report.h"

namespace splinter::platforms {

// Replays the trace without time at both levels, and the direct map if it was recorded. UserError: not a trace, damaged.
void run_trace_directory(const std::string& directory, ConformReport& report);

}  // namespace splinter::platforms
