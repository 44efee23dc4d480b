#include "platforms/cli/sensitivity_points.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "platforms/report/point_labels.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

namespace {

std::string ranked_axis_of(const std::vector<Axis>& axes) {
    std::string last;
    for (const Axis& axis : axes) {
        if (axis.values.size() < 2 || axis.key == kSeedKey) continue;
        if (axis.key == kStrategyKey) return axis.key;
        last = axis.key;
    }
    return last;
}

}  // namespace

SensitivityPoints choose_points(const Experiment& experiment) {
    SensitivityPoints out{ranked_axis_of(experiment.axes()), experiment.points(), {}};
    for (const Axis& axis : experiment.axes()) {
        if (axis.key == out.ranked_axis || axis.values.size() < 2 || axis.origin.starts_with("--set")) continue;
        const std::string& middle = axis.values[(axis.values.size() - 1) / 2];
        std::erase_if(out.keys, [&](const PointKey& key) {
            return std::ranges::any_of(key, [&](const AxisValue& at) { return at.key == axis.key && at.value != middle; });
        });
        out.chosen.push_back(fmt::format("{} = {} (of {})", axis.key, middle, fmt::join(axis.values, ", ")));
    }
    return out;
}

std::vector<SensitivityPlace> places_of(const SensitivityPoints& points) {
    std::vector<SensitivityPlace> places;
    for (const PointKey& key : points.keys) {
        PointKey rest;
        std::string alternative = "all";
        for (const AxisValue& axis : key) {
            if (axis.key == points.ranked_axis)
                alternative = axis.value;
            else
                rest.push_back(axis);
        }
        auto place = std::ranges::find(places, rest, &SensitivityPlace::place);
        if (place == places.end()) place = places.insert(places.end(), {std::move(rest), {}, {}});
        place->keys.push_back(key);
        place->alternatives.push_back(std::move(alternative));
    }
    return places;
}

}  // namespace splinter::platforms
