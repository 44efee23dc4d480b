// Some points of an experiment: the texts after --only.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/experiment.h"

namespace splinter::platforms {

// The points that have, for each text "key=a,b,c", one of its values on that axis; in the order of the axes. Values may be
// ranges. Throws UserError: the key is no axis, or a value is not on it.
[[nodiscard]] std::vector<PointKey> filtered_points(const Experiment& experiment, const std::vector<std::string>& only);

}  // namespace splinter::platforms
