// What `splinter sensitivity` prints, and its JSON.
#pragma once

#include <string>
#include <vector>

#include "platforms/statistics/sensitivity.h"

namespace splinter::platforms {

struct SensitivityReport {
    std::string program_version;
    std::string figure;                        // "cycles_per_page"
    std::string ranked_axis;                   // "flush.strategy"
    std::string range_rule;                    // in words
    std::vector<std::string> chosen;           // axes that were narrowed: "platform.cores = 16 (of 2, 16, 64)"
    std::vector<MovedParameter> unused;        // no run of these points depends on them
    std::vector<std::string> without_range;    // uncertain, but with no range to move in
    std::vector<SensitivitySection> sections;  // responses ranked
    std::vector<ConfigEntry> config{};         // of the first point, unmoved
};

// Per section: the answer in words (does the order change, by what, in which places each alternative stands), then the tornado:
// a row per parameter, largest effect first, change in percent at both ends.
[[nodiscard]] std::string sensitivity_text(const SensitivityReport& report);
[[nodiscard]] std::string sensitivity_json(const SensitivityReport& report);
// Throws UserError with `origin` if the text was not written by sensitivity_json() of this result schema.
void check_sensitivity_json(const std::string& text, const std::string& origin);

}  // namespace splinter::platforms
