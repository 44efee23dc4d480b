// The texts after --set: "key=value" sets one value, "key=a,b,c" and "key=1..64 x2" make an axis. A list field joins its names
// with '+', so that ',' always means an axis.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/raw.h"

namespace splinter::platforms {

// One axis for each text, in order; an axis of one value is a plain value. Throws UserError with origin "--set KEY", or with
// another option that takes such texts in the place of "--set".
[[nodiscard]] std::vector<RawAxis> parse_set_options(const std::vector<std::string>& texts,
                                                     const std::string& option = "--set");

}  // namespace splinter::platforms
