// --fail-if 'cycles_per_page>1.05': a figure's ratio B/A that a comparison must not pass.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "platforms/statistics/result_diff.h"

namespace splinter::platforms {

struct FailCondition {
    enum class Sense : std::uint8_t { above, below };
    std::string text;  // as given
    std::string figure;
    Sense sense = Sense::above;
    double threshold = 1;
};

// FIGURE>RATIO or FIGURE<RATIO. Throws UserError: another form, a ratio that is not a positive number, a figure that
// column_names() does not have (did you mean).
[[nodiscard]] FailCondition parse_fail_condition(const std::string& text);

// What became of one condition.
struct ConditionOutcome {
    FailCondition condition;
    std::vector<const FigureChange*> met;           // past the threshold, and not by noise
    std::vector<const FigureChange*> within_noise;  // past it, but the interval of B/A contains 1
    std::size_t without_ratio = 0;                  // a value is negative, or A is 0 in some replicas only
    std::size_t looked_at = 0;                      // all points, workloads and phases that have the figure
    std::size_t lost = 0;                           // places where A has the figure and B has not, or not of all seeds
    // What CI must not pass: the figure is past the threshold, or was not compared where A has it.
    [[nodiscard]] bool fails() const { return !met.empty() || lost > 0; }
};

// A point that A has and B lacks counts as one place that is lost: a run that crashed, or that B left out. A figure that is 0
// in A and not in B is past any threshold above. Throws UserError where no ratio exists at all: a condition that looks at
// nothing would always hold.
[[nodiscard]] ConditionOutcome check_condition(const FailCondition& condition, const ResultDiff& diff);

}  // namespace splinter::platforms
