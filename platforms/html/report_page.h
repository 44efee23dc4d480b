// `splinter report`: one self-contained page. It loads nothing, from wherever it is opened.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct ReportInput {
    const std::vector<PointResult>& points;  // at least one
    std::string sensitivity;                 // text of `sensitivity --json`; "" if there is none
    std::string name;                        // of the folder or file, without directories
    std::vector<std::string> unfinished{};   // points of the sweep without a result, in words
};

// Same results, same bytes. Throws UserError if a text in the results is not UTF-8.
[[nodiscard]] std::string report_page(const ReportInput& input);

}  // namespace splinter::platforms
