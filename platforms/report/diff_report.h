// What `splinter diff A B` prints, and its JSON.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/run_result.h"
#include "platforms/statistics/fail_condition.h"
#include "platforms/statistics/result_diff.h"

namespace splinter::platforms {

struct ComparedSide {
    std::string path;
    std::string program_version;
    std::size_t points = 0;  // as read, each seed one
};

struct DiffReport {
    ComparedSide a;
    ComparedSide b;
    ResultDiff diff;
    std::vector<std::string> columns;  // report.columns of A; none: the usual figures
    std::vector<ConditionOutcome> conditions;
};

// A summary (what was compared, how many figures changed, what differs in the configs, points of one side only, the
// conditions), then a row for each figure of the comparison table that is not equal. All other figures are counted, and stand
// in the JSON.
[[nodiscard]] std::string diff_text(const DiffReport& report);
[[nodiscard]] std::string diff_json(const DiffReport& report);

}  // namespace splinter::platforms
