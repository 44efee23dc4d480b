// `splinter config check FILE`.
#pragma once

#include <string>

namespace splinter::platforms {

// Accepts an experiment, platform, costs or workload file. Throws UserError at the first unknown key, wrong value (those of
// every axis too), missing file, or [axes] where none may be.
void check_file(const std::string& path);

}  // namespace splinter::platforms
