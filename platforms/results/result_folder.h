// Results that were kept: what `splinter sweep --out DIR` and `run --json`, `compare --json` have written.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Of a folder: every finished point of its last sweep, in point order; other files, half-written ones among them, are not
// looked at. Of a file: the one point of `run --json`, or the points of `compare --json` and `sweep --json`. The key of each
// point is its result's `point`. Throws UserError: nothing there, neither of them, or no point finished.
[[nodiscard]] std::vector<PointResult> read_results(const std::string& path);

}  // namespace splinter::platforms
