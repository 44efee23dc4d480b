// Files that stand on other files: `include` and platform.model.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/raw_file.h"

namespace splinter::platforms {

inline constexpr const char* kModelKey = "platform.model";

// The file and all that it includes, directly or not, lowest layer first: the file itself is the last. Throws UserError, also
// for a circle, and for an included file that holds what only an experiment file may hold.
[[nodiscard]] std::vector<RawFile> read_with_includes(const std::string& path, const std::string& referrer);

// The platform file that `model` (the value of platform.model) names, with its includes, lowest layer first.
[[nodiscard]] std::vector<RawFile> read_platform(const RawValue& model, const std::string& experiment_path);

}  // namespace splinter::platforms
