// Results that were kept: what `splinter sweep --out DIR` and `run --json`, `compare --json` have written.
#pragma once

#include <string>
#include <vector>

#include "platforms/results/sweep_index.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Of a folder: every finished point of its last sweep, in point order; other files, half-written ones among them, are not
// looked at. Of a file: the one point of `run --json`, or the points of `compare --json` and `sweep --json`. The key of each
// point is its result's `point`. Throws UserError: nothing there, neither of them, or no point finished.
[[nodiscard]] std::vector<PointResult> read_results(const std::string& path);

// Points of the folder's last sweep that have no result: in words, with the reason where it is known ("cores=64,strategy=batched:
// stopped after 10 s, --point-timeout"). None for a file. Throws UserError as read_results() does.
[[nodiscard]] std::vector<std::string> unfinished_points(const std::string& path);

// The finished points of `index`, whose files are in `directory`, in order; perhaps none. Throws UserError if a file is
// damaged.
[[nodiscard]] std::vector<PointResult> finished_points(const std::string& directory, const SweepIndex& index);

}  // namespace splinter::platforms
