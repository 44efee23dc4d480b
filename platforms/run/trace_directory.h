// Where workload.trace.directory points: relative to the file that names it, or to the current directory if --set does. Throws
// UserError if the workload trace is to run and no directory is named.
#pragma once

#include <string>

#include "platforms/config/experiment.h"

namespace splinter::platforms {

std::string resolved_trace_directory(const ResolvedPoint& point);

}  // namespace splinter::platforms
