// The metrics of a phase: identifier, unit and definition, in the order of the comparison table. `splinter list` prints it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace splinter::platforms {

// Of the text table. A table without a figure for a `where_measured` or `if_any` metric leaves it out; one with a figure for a
// `where_measured` metric leaves out whatever else it has no figure for.
enum class Column : std::uint8_t { always, if_any, where_measured };

struct MetricInfo {
    std::string_view id;       // key in Phase::metrics and column of the CSV
    std::string_view heading;  // short column heading of the text table
    std::string_view unit;
    std::string_view definition;
    Column column = Column::always;
};

std::span<const MetricInfo> metrics();

}  // namespace splinter::platforms
