// The rule that every cost has a citation: what in a file lacks one.
#pragma once

#include <string>
#include <vector>

namespace splinter::platforms {

// "path:line:column: key" for each value without `source` or without `confidence`: all numbers of a file in a folder named
// costs, durations of any other. Looks at this file only, not at what it includes. Throws UserError if it cannot be read.
[[nodiscard]] std::vector<std::string> values_without_source(const std::string& path);

}  // namespace splinter::platforms
