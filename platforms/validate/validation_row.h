// One published figure and how it is found in the results of an experiment: a [[row]] of a file in configs/validation.
//
//   id, what, unit, source   text; the unit is "ns", "us" (of a metric in cycles) or the metric's own
//   published                the value, a number
//   metric                   a figure of run/metrics.h; of the last phase, or of `phase`
//   at                       axis values that choose the point, "key=value"; axes with one value need not be named
//   minus, over              axis values again: less the figure at that point, or divided by it
//   per                      a number by which the difference of `minus` is divided
//   slope_over, intercept_over   an axis: the least-squares line of the figure over its values at the points that `at` leaves
//   role                     "fit": a parameter was fitted to it; "derived": it follows from rows that were (their sum,
//                            their difference, a point of their line, the same run), and tells nothing new; "prediction"
//   tolerance                the simulated value must be within this part of the published one, 0.2 is 20 percent; without
//                            it whatever comes out is printed, and the row never fails
//   note                     printed beside the row
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct ValidationRow {
    enum class Role : std::uint8_t { fit, derived, prediction };
    std::string origin;  // file:line:column
    std::string id;
    std::string what;
    std::string unit;
    std::string source;
    std::string metric;
    std::string phase;  // "": the last
    std::string note;
    double published = 0;
    Role role = Role::prediction;
    std::optional<double> tolerance;
    std::vector<AxisValue> at;
    std::optional<std::vector<AxisValue>> minus;
    std::optional<std::vector<AxisValue>> over;
    double per = 1;
    std::string slope_over;
    std::string intercept_over;
};

// All rows of a file, in its order. Throws UserError: none, an unknown or missing key, a wrong type, two ways to derive, an id
// twice, a tolerance that is no part of a value.
[[nodiscard]] std::vector<ValidationRow> read_validation_rows(const std::string& path);

}  // namespace splinter::platforms
