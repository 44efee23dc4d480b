#include "platforms/config/set_option.h"

#include <algorithm>
#include <utility>

#include "hw/base/user_error.h"

namespace splinter::platforms {
namespace {

RawAxis parse_set_option(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw UserError("--set " + text, "expected KEY=VALUE or KEY=VALUE,VALUE,...");
    }
    RawAxis axis;
    axis.key = text.substr(0, equals);
    axis.origin = "--set " + axis.key;
    for (std::size_t begin = equals + 1; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        axis.values.push_back({RawKind::command_line, text.substr(begin, end - begin), {}, axis.origin});
        begin = end + 1;
    }
    return axis;
}

}  // namespace

std::vector<RawAxis> parse_set_options(const std::vector<std::string>& texts) {
    std::vector<RawAxis> options;
    for (const std::string& text : texts) {
        RawAxis option = parse_set_option(text);
        if (std::ranges::find(options, option.key, &RawAxis::key) != options.end()) {
            throw UserError(option.origin, "given twice");
        }
        options.push_back(std::move(option));
    }
    return options;
}

}  // namespace splinter::platforms
