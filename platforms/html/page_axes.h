// Which axis of a comparison runs along a chart and which gives its series.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platforms/report/point_labels.h"

namespace splinter::platforms {

struct PageAxis {
    std::string key;
    std::string heading;
    std::vector<std::string> values;  // in point order
};

struct PageAxes {
    std::vector<PageAxis> axes;         // the labels, in their order
    std::optional<std::size_t> series;  // the strategy if it varies, else the first varying axis that is not numbers
    std::optional<std::size_t> swept;   // the core count if it varies, else the first other varying axis of numbers, else any
};

[[nodiscard]] PageAxes page_axes(const PointLabels& labels);

// A number with or without a unit: "64", "4GiB".
[[nodiscard]] bool is_quantity(const std::string& text);

}  // namespace splinter::platforms
