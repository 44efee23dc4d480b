// Which parameters of a resolved config are uncertain, and between which ends each may lie: what `splinter sensitivity` varies.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct UncertainParameter {
    std::string key;
    std::string value;
    std::string low;
    std::string high;
    std::string confidence;
    bool recorded = false;  // `range` beside the value says so; else the rule for its confidence
    friend bool operator==(const UncertainParameter&, const UncertainParameter&) = default;
};

struct Uncertainty {
    std::vector<UncertainParameter> varied;
    std::vector<std::string> without_range;  // keys below H that are no durations and have no recorded range
};

// Varied is what has a recorded range, and every duration whose confidence is below H. What --set or an axis gave a value is
// certain: the user has decided. Sorted by key, as `entries` are.
[[nodiscard]] Uncertainty uncertainty_of(const std::vector<ConfigEntry>& entries);

// The rule in words.
inline constexpr const char* kRangeRule = "M x 0.75 to 1.33, L and MEM x 0.5 to 2, assumed x 0.33 to 3";

}  // namespace splinter::platforms
