// The bytes of a configuration file, or one clear line why there are none (missing, a directory, binary, far too large).
#pragma once

#include <string>

namespace splinter::platforms {

// Throws UserError: with origin `referrer` (who named the path) if there is no such file, else with the path.
[[nodiscard]] std::string read_text_file(const std::string& path, const std::string& referrer);

}  // namespace splinter::platforms
