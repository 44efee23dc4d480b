// The metrics of a phase: identifier, unit and definition, in the order of the comparison table. `splinter list` prints it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace splinter::platforms {

// Of the text table. A table without a figure for a `where_measured` metric leaves it out; one with a figure for it leaves out
// whatever else it has no figure for. `on_request`: where report.columns names it, and in CSV, JSON and the statistics of
// `run`.
enum class Column : std::uint8_t { always, where_measured, on_request };

struct MetricInfo {
    std::string_view id;       // key in Phase::metrics and column of the CSV
    std::string_view heading;  // short column heading of the text table
    std::string_view unit;
    std::string_view definition;
    Column column = Column::always;
};

std::span<const MetricInfo> metrics();

// What report.columns may name: the metrics, and the kernel's counters, as far as they grew in the phase on all cores together.
std::vector<std::string> column_names();
// REQUIRES: one of column_names().
MetricInfo column_info(std::string_view name);

}  // namespace splinter::platforms
