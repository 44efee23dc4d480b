// What shows only when the values of a point stand together, checked before anything is simulated, and where they came from.
#pragma once

#include <functional>

#include "platforms/config/experiment.h"

namespace splinter::platforms {

// Throws UserError: a quantum above the lookahead, a TLB that no set index fits, no workload, a trace directory that does not
// exist, ... at the place that the value came from.
void check_point(const ResolvedPoint& point);

// Whether the parameter's value is not that of the file which the platform's name comes from.
[[nodiscard]] bool is_beside_the_platform(const ResolvedPoint& point, std::string_view key);

// Runs `work`; a UserError that names a parameter of the point is rethrown with the place of its value.
void with_places(const ResolvedPoint& point, const std::function<void()>& work);

}  // namespace splinter::platforms
