// Builds the machine of one resolved point, runs each of its workloads on a freshly booted copy, and returns what was found.
#pragma once

#include "platforms/config/experiment.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Each workload is simulated in a child process of its own (SystemC has process-wide state), so that the caller must not have
// elaborated anything. Throws UserError (unusable trace, refused combination), SimulatedFinding (deadlock, kernel oops),
// InternalError (a broken invariant, named with core and cycle).
RunResult run_point(const ResolvedPoint& point);

}  // namespace splinter::platforms
