#include "platforms/config/uncertainty.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "hw/base/types.h"
#include "hw/base/units.h"

namespace splinter::platforms {

namespace {

struct Rule {
    std::string_view confidence;
    double low;
    double high;
};
// As kRangeRule says.
constexpr Rule kRules[] = {{"M", 0.75, 1.33}, {"L", 0.5, 2}, {"MEM", 0.5, 2}, {"assumed", 0.33, 3}};

const Rule* rule_for(std::string_view confidence) {
    for (const Rule& rule : kRules)
        if (rule.confidence == confidence) return &rule;
    return nullptr;
}

// Resolved durations are in cycles; no other value ends so.
std::optional<std::uint64_t> duration(const std::string& value) {
    if (!value.ends_with("cyc")) return std::nullopt;
    constexpr std::uint64_t kNoMatterWhich = 1'000'000'000;
    const auto parsed = parse_cycles(value, kNoMatterWhich);
    const auto* cycles = std::get_if<Cycles>(&parsed);
    return cycles == nullptr ? std::nullopt : std::optional{cycles->raw()};
}

std::string scaled(std::uint64_t cycles, double factor) {
    return format_cycles(Cycles{static_cast<std::uint64_t>(std::llround(static_cast<double>(cycles) * factor))});
}

}  // namespace

Uncertainty uncertainty_of(const std::vector<ConfigEntry>& entries) {
    Uncertainty out;
    for (const ConfigEntry& entry : entries) {
        if (!entry.range_low.empty()) {
            out.varied.push_back({entry.key, entry.value, entry.range_low, entry.range_high, entry.confidence, true});
            continue;
        }
        const Rule* rule = rule_for(entry.confidence);
        if (rule == nullptr) continue;  // H, or nothing that a source would have to support
        const std::optional<std::uint64_t> cycles = duration(entry.value);
        if (cycles)
            out.varied.push_back(
                {entry.key, entry.value, scaled(*cycles, rule->low), scaled(*cycles, rule->high), entry.confidence, false});
        else
            out.without_range.push_back(entry.key);
    }
    return out;
}

}  // namespace splinter::platforms
