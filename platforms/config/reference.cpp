#include "platforms/config/reference.h"

#include <fmt/format.h>

#include "platforms/config/field_value.h"

namespace splinter::platforms {
namespace {

// '|' would end the cell.
std::string cell(const std::string& text) {
    std::string escaped;
    for (const char c : text) escaped += c == '|' ? "\\|" : std::string{c};
    return escaped;
}

}  // namespace

std::string parameter_table(const Describe& describe) {
    std::string table = "| key | default | allowed | meaning |\n|---|---|---|---|\n";
    for_each_field(describe, [&](Field& field) {
        const std::string value = print_field(field);
        table += fmt::format("| `{}` | {} | {} | {} |\n", field.key, value.empty() ? "" : cell("`" + value + "`"),
                             cell(allowed_text(field)), cell(field.text));
    });
    return table;
}

std::string parameter_reference(RunConfig defaults) {
    return parameter_table([&](ParamVisitor& visitor) { describe(defaults, visitor); });
}

}  // namespace splinter::platforms
