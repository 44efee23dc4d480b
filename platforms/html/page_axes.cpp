#include "platforms/html/page_axes.h"

#include <algorithm>
#include <cctype>

namespace splinter::platforms {

namespace {

bool varies(const PageAxis& axis) { return axis.values.size() > 1; }
bool is_numeric(const PageAxis& axis) { return std::all_of(axis.values.begin(), axis.values.end(), is_quantity); }

template <class Wanted>
std::optional<std::size_t> find_axis(const std::vector<PageAxis>& axes, Wanted&& wanted) {
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (wanted(i, axes[i])) return i;
    return std::nullopt;
}

}  // namespace

bool is_quantity(const std::string& text) {
    std::size_t digits = 0;
    while (digits < text.size() && (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.'))
        ++digits;
    const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
    return digits > 0 && std::all_of(text.begin() + static_cast<std::ptrdiff_t>(digits), text.end(), is_letter);
}

PageAxes page_axes(const PointLabels& labels) {
    PageAxes out;
    for (std::size_t i = 0; i < labels.keys.size(); ++i) {
        PageAxis& axis = out.axes.emplace_back(PageAxis{labels.keys[i], labels.headings[i], {}});
        for (const auto& row : labels.rows)
            if (std::find(axis.values.begin(), axis.values.end(), row[i]) == axis.values.end()) axis.values.push_back(row[i]);
    }
    out.series =
        find_axis(out.axes, [](std::size_t, const PageAxis& axis) { return varies(axis) && axis.key == kStrategyKey; });
    if (!out.series)
        out.series = find_axis(out.axes, [](std::size_t, const PageAxis& axis) { return varies(axis) && !is_numeric(axis); });
    if (!out.series)
        out.series = find_axis(out.axes, [](std::size_t, const PageAxis& axis) { return axis.key == kStrategyKey; });
    const auto other = [&](std::size_t i) { return i != out.series; };
    out.swept = find_axis(
        out.axes, [&](std::size_t i, const PageAxis& axis) { return other(i) && varies(axis) && axis.key == kCoresKey; });
    if (!out.swept)
        out.swept = find_axis(
            out.axes, [&](std::size_t i, const PageAxis& axis) { return other(i) && varies(axis) && is_numeric(axis); });
    if (!out.swept)
        out.swept = find_axis(out.axes, [&](std::size_t i, const PageAxis& axis) { return other(i) && varies(axis); });
    return out;
}

}  // namespace splinter::platforms
