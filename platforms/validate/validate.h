// A row's simulated value, from the results of its file's points.
#pragma once

#include "platforms/validate/validation_row.h"

namespace splinter::platforms {

struct ValidatedRow {
    ValidationRow row;
    double simulated = 0;

    [[nodiscard]] double ratio() const { return simulated / row.published; }
    [[nodiscard]] bool within() const {
        return row.tolerance && ratio() >= 1 - *row.tolerance && ratio() <= 1 + *row.tolerance;
    }
    // A row without a tolerance is printed, whatever comes out.
    [[nodiscard]] bool acceptable() const { return !row.tolerance || within(); }
};

// Throws UserError, naming the row: no such point or several, no such figure there, too few points for a line.
[[nodiscard]] ValidatedRow validate(const ValidationRow& row, const std::vector<PointResult>& points);

}  // namespace splinter::platforms
