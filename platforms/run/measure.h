// Turns a finished session into the values that reports read. The definitions of the metrics: metrics.cpp.
#pragma once

#include "platforms/run/run_result.h"
#include "platforms/run/session.h"

namespace splinter::platforms {

WorkloadResult measure(std::string_view workload_name, const Workload& workload, Session& session);

}  // namespace splinter::platforms
