// Ranges on an axis: "1..1024 x2" (each twice the one before), "0..100 +10", "1..3" (steps of 1).
#pragma once

#include <optional>
#include <vector>

#include "platforms/config/raw.h"

namespace splinter::platforms {

// The values of a range; nothing if the text is none. Ends are whole numbers, alike in their unit: "100cyc..400cyc x2",
// "10ns..50ns +20ns"; those of sizes may differ ("64KiB..1GiB x4"). The last value is the largest that is not above the end.
// Throws UserError: begins like a range and is none, begins above its end, would not grow, too many values.
[[nodiscard]] std::optional<std::vector<RawValue>> expand_range(const RawValue& value);

// Appends the values of a range, or the value itself if it is none.
void append_expanded(const RawValue& value, std::vector<RawValue>& values);

}  // namespace splinter::platforms
