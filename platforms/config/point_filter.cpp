#include "platforms/config/point_filter.h"

#include <algorithm>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/set_option.h"
#include "platforms/config/suggest.h"

namespace splinter::platforms {
namespace {

const Axis& axis_of(const Experiment& experiment, const RawAxis& filter, const std::string& origin) {
    const std::vector<Axis>& axes = experiment.axes();
    const auto axis = std::ranges::find(axes, filter.key, &Axis::key);
    if (axis != axes.end()) return *axis;
    std::vector<std::string> keys;
    for (const Axis& each : axes) keys.push_back(each.key);
    const std::string known = keys.empty() ? "there are none" : fmt::format("the axes are {}", fmt::join(keys, ", "));
    throw UserError(origin, fmt::format("`{}` is no axis of the experiment, {}", filter.key, known),
                    did_you_mean(filter.key, keys));
}

}  // namespace

std::vector<PointKey> filtered_points(const Experiment& experiment, const std::vector<std::string>& only) {
    std::vector<PointKey> points = experiment.points();
    for (const RawAxis& filter : parse_set_options(only, "--only")) {
        const Axis& axis = axis_of(experiment, filter, filter.origin);
        std::vector<std::string> wanted;
        for (const RawValue& value : filter.values) {
            if (std::ranges::find(axis.values, value.text) == axis.values.end())
                throw UserError(filter.origin, fmt::format("\"{}\" is not on the axis, which has {}", value.text,
                                                           fmt::join(axis.values, ", ")));
            wanted.push_back(value.text);
        }
        std::erase_if(points, [&](const PointKey& point) {
            const auto chosen = std::ranges::find(point, axis.key, &AxisValue::key);
            return std::ranges::find(wanted, chosen->value) == wanted.end();
        });
    }
    return points;
}

}  // namespace splinter::platforms
