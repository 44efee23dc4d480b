// The generated parameter reference (configs/README.md): what every key means, as a markdown table.
#pragma once

#include <string>

#include "platforms/config/field.h"
#include "platforms/config/run_config.h"

namespace splinter::platforms {

[[nodiscard]] std::string parameter_reference(RunConfig defaults);
// The same of any description: key, default, what is allowed, sentence; in the order of the description.
[[nodiscard]] std::string parameter_table(const Describe& describe);

}  // namespace splinter::platforms
