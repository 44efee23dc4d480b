// What a file says about itself in its first lines.
#pragma once

#include <string>

namespace splinter::platforms {

// The comment that `text` (TOML) begins with, as one line: without '#', without lines that are indented (commands), without a
// leading "The question: ". "" if the file begins with something else.
[[nodiscard]] std::string leading_comment(const std::string& text);

}  // namespace splinter::platforms
