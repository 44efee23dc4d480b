// Text that goes into a page: no character of a config, a citation or a path becomes markup.
#pragma once

#include <string>
#include <string_view>

namespace splinter::platforms {

// For element contents and quoted attributes.
[[nodiscard]] std::string html_text(std::string_view text);

// JSON for a <script> element: no "<", so that neither "</script>" nor "<!--" ends or changes it; the same JSON value.
[[nodiscard]] std::string script_json(std::string_view json);

}  // namespace splinter::platforms
