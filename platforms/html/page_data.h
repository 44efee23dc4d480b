// The results as the page's script reads them: one JSON object, described field by field in README.md.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// The ledger, the distributions and the pictures are kept of so many points at most, those of the first seed and of the last
// values of the axes first; the page says how many it has left out. Figures are kept of all.
inline constexpr std::size_t kMostDetailedPoints = 256;

// `sensitivity`: the text of `splinter sensitivity --json`, "" if there is none. `file_stem`: of the files that the page
// offers.
[[nodiscard]] std::string page_data(const std::vector<PointResult>& points, const std::string& sensitivity,
                                    const std::string& file_stem);

}  // namespace splinter::platforms
