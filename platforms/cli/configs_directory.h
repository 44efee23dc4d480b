// Where the program's configuration files are.
#pragma once

#include <filesystem>

#include "platforms/cli/arguments.h"

namespace splinter::platforms {

// What --configs says; else where a checkout keeps them, seen from the checkout or from its build/PRESET/splinter. Throws
// UserError if there is no such directory.
std::filesystem::path configs_directory(const Arguments& arguments);

}  // namespace splinter::platforms
