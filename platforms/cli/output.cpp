#include "platforms/cli/output.h"

#include <cstdio>

#include "hw/base/user_error.h"

namespace splinter::platforms {

void print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (!written || std::fflush(stdout) != 0) throw UserError("standard output", "cannot be written");
}

}  // namespace splinter::platforms
