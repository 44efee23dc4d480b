// What the results answer, in sentences: which series is lowest, by how much, and whether that depends on the swept axis.
#pragma once

#include <string>
#include <vector>

#include "platforms/html/page_axes.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

struct AnswerPart {
    std::string about;     // "secretmem, steady state (reuse), memory 64GiB"
    std::string sentence;  // plain text
};

// The figure that answers: cycles_per_page unless the experiment names other columns, then the first of them that was measured,
// cycles first; "" if there is none.
[[nodiscard]] std::string answering_metric(const std::vector<PointResult>& points);

// One part for each workload, phase (steady first) and combination of the axes that are neither swept nor series.
[[nodiscard]] std::vector<AnswerPart> answer(const std::vector<ReplicatedPoint>& points);

}  // namespace splinter::platforms
