#include "platforms/config/leading_comment.h"

#include <algorithm>
#include <sstream>
#include <string_view>

namespace splinter::platforms {

std::string leading_comment(const std::string& text) {
    constexpr std::string_view kPrefix = "The question: ";
    constexpr std::string_view kBlank = " \t\r";
    std::string out;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line) && line.starts_with('#');) {
        std::string_view said{line};
        said.remove_prefix(1);
        if (said.starts_with("  ") || said.starts_with("\t")) continue;  // a command
        said.remove_prefix(std::min(said.find_first_not_of(kBlank), said.size()));
        said.remove_suffix(said.size() - (said.find_last_not_of(kBlank) + 1));
        if (!said.empty()) out += (out.empty() ? "" : " ") + std::string{said};
    }
    return out.starts_with(kPrefix) ? out.substr(kPrefix.size()) : out;
}

}  // namespace splinter::platforms
