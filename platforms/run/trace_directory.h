// Where workload.trace.directory points: relative to the file that names it, or to the current directory if --set does.
#pragma once

#include <string>

#include "platforms/config/experiment.h"

namespace splinter::platforms {

std::string resolved_trace_directory(const ResolvedPoint& point);

}  // namespace splinter::platforms
