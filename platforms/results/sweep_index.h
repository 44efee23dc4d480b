// sweep.json of a result folder: what the sweep asked and which points it has, in order, whether they are finished or not.
// Written before the first point is simulated, so that a folder can be read without its experiment file, and while the sweep
// runs.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

inline constexpr const char* kIndexFile = "sweep.json";

struct IndexedPoint {
    PointKey key;
    std::string file;  // name in the folder
};

struct SweepIndex {
    std::string program_version;
    std::string question;
    std::vector<IndexedPoint> points;  // in the order of the axes
};

[[nodiscard]] std::string to_json(const SweepIndex& index);

// Throws UserError with `origin` if the text is no index of this result schema.
[[nodiscard]] SweepIndex sweep_index_from_json(const std::string& text, const std::string& origin);

}  // namespace splinter::platforms
