// Where workload.trace.directory, .file, .buddyinfo and .pagetypeinfo point: relative to the file that names them, or to the
// current directory if --set does.
#pragma once

#include "platforms/config/experiment.h"

namespace splinter::platforms {

// The point's trace parameters with these paths resolved. Throws UserError, if the workload trace is to run: neither directory
// nor file is named, both are, or something is missing where a path points.
TraceParams resolved_trace(const ResolvedPoint& point);
// kernel.direct_map.layout in the same way; empty stays empty.
std::string resolved_direct_map_layout(const ResolvedPoint& point);

}  // namespace splinter::platforms
