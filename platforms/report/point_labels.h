// What tells the points of a comparison apart: the label columns of tables and CSV, and the names of points and their files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

inline constexpr std::string_view kCoresKey = "platform.cores";
inline constexpr std::string_view kStrategyKey = "flush.strategy";
inline constexpr std::string_view kColumnsKey = "report.columns";

struct PointLabels {
    std::vector<std::string> keys;               // "platform.cores"
    std::vector<std::string> headings;           // "cores", or the whole key where that would be ambiguous
    std::vector<std::vector<std::string>> rows;  // one value per key, one row per point

    // One value per row; empty if there is no such key.
    [[nodiscard]] std::vector<std::string> values_of(std::string_view key) const;
};

// The axes, and beside them always the core count (first) and the strategy (last), read from the config where they are no
// axis. All points must have the same axes.
PointLabels point_labels(const std::vector<PointResult>& points);

// "cores=2,strategy=freetype"; "point" if there is no axis.
std::string point_name(const PointKey& key);

// point_name() as part of a file name: other characters than letters, digits and "=,._+-" as %XX, so that different points
// never share a file.
std::string point_file_stem(const PointKey& key);

// The figures that the experiment names (report.columns), in its order; none: the usual ones.
std::vector<std::string> requested_columns(const std::vector<PointResult>& points);

// The value of `key` in the resolved config.
std::optional<std::string> config_value(const RunResult& result, std::string_view key);

}  // namespace splinter::platforms
