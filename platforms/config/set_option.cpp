#include "platforms/config/set_option.h"

#include <algorithm>
#include <utility>

#include "hw/base/user_error.h"
#include "platforms/config/axis_range.h"

namespace splinter::platforms {
namespace {

RawAxis parse_set_option(const std::string& text, const std::string& name) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw UserError(name + " " + text, "expected KEY=VALUE or KEY=VALUE,VALUE,...");
    }
    RawAxis axis;
    axis.key = text.substr(0, equals);
    axis.origin = name + " " + axis.key;
    for (std::size_t begin = equals + 1; begin <= text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const RawValue item{RawKind::command_line, text.substr(begin, end - begin), {}, axis.origin};
        append_expanded(item, axis.values);
        begin = end + 1;
    }
    return axis;
}

}  // namespace

std::vector<RawAxis> parse_set_options(const std::vector<std::string>& texts, const std::string& name) {
    std::vector<RawAxis> options;
    for (const std::string& text : texts) {
        RawAxis option = parse_set_option(text, name);
        if (std::ranges::find(options, option.key, &RawAxis::key) != options.end()) {
            throw UserError(option.origin, "given twice");
        }
        options.push_back(std::move(option));
    }
    return options;
}

}  // namespace splinter::platforms
