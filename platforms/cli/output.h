// Standard output, for results only.
#pragma once

#include <string>

namespace splinter::platforms {

// Throws UserError if not all of it could be written (a full disk behind a redirection).
void print(const std::string& text);

}  // namespace splinter::platforms
