#include "platforms/config/sources.h"

#include <algorithm>
#include <filesystem>
#include <variant>

#include "hw/base/types.h"
#include "hw/base/units.h"
#include "platforms/config/raw_file.h"

namespace splinter::platforms {
namespace {

constexpr std::uint64_t kAnyFrequency = 1'000'000'000;  // whether a text is a duration does not depend on it

bool is_duration(const RawValue& value) {
    return value.kind == RawKind::string && std::holds_alternative<Cycles>(parse_cycles(value.text, kAnyFrequency));
}

bool is_number(const RawValue& value) {
    if (value.kind == RawKind::string) {
        return is_duration(value) || std::holds_alternative<std::uint64_t>(parse_bytes(value.text)) ||
               std::holds_alternative<std::uint64_t>(parse_frequency(value.text));
    }
    return value.kind == RawKind::integer || value.kind == RawKind::real;
}

}  // namespace

std::vector<std::string> values_without_source(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
    const bool is_costs = std::find(folder.begin(), folder.end(), "costs") != folder.end();
    std::vector<std::string> missing;
    for (const auto& [key, entry] : read_raw_file(path, "command line").values) {
        if (!(is_costs ? is_number(entry.value) : is_duration(entry.value))) continue;
        if (entry.source.empty() || entry.confidence.empty()) missing.push_back(entry.value.origin + ": " + key);
    }
    return missing;
}

}  // namespace splinter::platforms
