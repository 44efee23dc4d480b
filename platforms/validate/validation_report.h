// What `splinter validate` prints: a line per row, and the same as JSON.
#pragma once

#include "platforms/validate/validate.h"

namespace splinter::platforms {

[[nodiscard]] std::string validation_report(const std::vector<ValidatedRow>& rows);
[[nodiscard]] std::string validation_json(const std::vector<ValidatedRow>& rows);

}  // namespace splinter::platforms
