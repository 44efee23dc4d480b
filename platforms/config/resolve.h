// The second stage: layers of raw values onto described fields. Afterwards every field has a checked value and a known
// origin, and every raw key has found its field.
#pragma once

#include <vector>

#include "platforms/config/field.h"
#include "platforms/config/raw.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Stores the layers' values (lowest layer first) in what `describe` visits, which holds the defaults. Values that a higher
// layer hides are checked all the same. Returns every field, sorted by key. Throws UserError.
std::vector<ConfigEntry> resolve_layers(const std::vector<const RawTable*>& layers, const Describe& describe);

}  // namespace splinter::platforms
