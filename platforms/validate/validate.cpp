#include "platforms/validate/validate.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "hw/base/check.h"
#include "hw/base/units.h"
#include "hw/base/user_error.h"
#include "platforms/report/result_lookup.h"

namespace splinter::platforms {
namespace {

bool has(const PointKey& key, const AxisValue& wanted) { return std::find(key.begin(), key.end(), wanted) != key.end(); }

bool has_all(const PointKey& key, const std::vector<AxisValue>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const AxisValue& axis) { return has(key, axis); });
}

std::string text_of(const std::vector<AxisValue>& axes) {
    std::string text;
    for (const AxisValue& axis : axes) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", axis.key, axis.value);
    return text.empty() ? "no axis named" : text;
}

double number_of(const std::string& text, const ValidationRow& row) {
    double number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) throw UserError(row.origin, "the line's axis has the value \"" + text + "\", which is no number");
    return number;
}

double hertz_of(const RunResult& result) {
    for (const ConfigEntry& entry : result.config)
        if (entry.key == "platform.frequency")
            if (const auto hertz = parse_frequency(entry.value); std::holds_alternative<std::uint64_t>(hertz))
                return static_cast<double>(std::get<std::uint64_t>(hertz));
    throw InternalError("a result without platform.frequency");
}

double figure_of(const PointResult& point, const ValidationRow& row) {
    const std::vector<Phase>& phases = point.result.workloads.front().phases;
    const auto named = std::find_if(phases.begin(), phases.end(), [&](const Phase& phase) { return phase.name == row.phase; });
    if (!row.phase.empty() && named == phases.end()) throw UserError(row.origin, "there is no phase \"" + row.phase + "\"");
    const Phase& phase = row.phase.empty() ? phases.back() : *named;
    const auto figure = find_metric(phase, row.metric);
    if (!figure) throw UserError(row.origin, fmt::format("phase {} has no figure \"{}\"", phase.name, row.metric));
    if (row.unit == "ns") return *figure / hertz_of(point.result) * 1e9;
    if (row.unit == "us") return *figure / hertz_of(point.result) * 1e6;
    return *figure;
}

std::vector<const PointResult*> points_at(const ValidationRow& row, const std::vector<AxisValue>& at,
                                          const std::vector<PointResult>& points) {
    std::vector<const PointResult*> found;
    for (const PointResult& point : points)
        if (has_all(point.key, at)) found.push_back(&point);
    if (found.empty()) throw UserError(row.origin, "no point of the file has " + text_of(at));
    return found;
}

double single(const ValidationRow& row, const std::vector<AxisValue>& at, const std::vector<PointResult>& points) {
    const auto found = points_at(row, at, points);
    if (found.size() != 1)
        throw UserError(row.origin, fmt::format("{} points have {}, expected one", found.size(), text_of(at)));
    return figure_of(*found.front(), row);
}

struct Line {
    double slope;
    double intercept;
};

// Ordinary least squares.
Line line_over(const ValidationRow& row, const std::string& axis, const std::vector<PointResult>& points) {
    double n = 0;
    double x_sum = 0;
    double y_sum = 0;
    double xx_sum = 0;
    double xy_sum = 0;
    for (const PointResult* point : points_at(row, row.at, points)) {
        const auto value =
            std::find_if(point->key.begin(), point->key.end(), [&](const AxisValue& each) { return each.key == axis; });
        if (value == point->key.end()) throw UserError(row.origin, axis + " is no axis of the file");
        const double x = number_of(value->value, row);
        const double y = figure_of(*point, row);
        n += 1;
        x_sum += x;
        y_sum += y;
        xx_sum += x * x;
        xy_sum += x * y;
    }
    const double spread = n * xx_sum - x_sum * x_sum;
    if (spread == 0) throw UserError(row.origin, "a line over " + axis + " needs points with two values of it");
    const double slope = (n * xy_sum - x_sum * y_sum) / spread;
    return {slope, (y_sum - slope * x_sum) / n};
}

}  // namespace

ValidatedRow validate(const ValidationRow& row, const std::vector<PointResult>& points) {
    if (!row.slope_over.empty()) return {row, line_over(row, row.slope_over, points).slope};
    if (!row.intercept_over.empty()) return {row, line_over(row, row.intercept_over, points).intercept};
    const double figure = single(row, row.at, points);
    if (row.minus) return {row, (figure - single(row, *row.minus, points)) / row.per};
    if (row.over) return {row, figure / single(row, *row.over, points)};
    return {row, figure};
}

}  // namespace splinter::platforms
