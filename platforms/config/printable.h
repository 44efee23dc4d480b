// The user's text inside a message, which is one line.
#pragma once

#include <string>
#include <string_view>

namespace splinter::platforms {

// Line ends and other control characters become escapes ("\n", "\x07").
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace splinter::platforms
