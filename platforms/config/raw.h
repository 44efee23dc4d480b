// What the user wrote, before any field has looked at it: values as text with the place they came from, no types and no
// defaults. The first of the two stages "raw to resolved"; resolve.h is the second.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace splinter::platforms {

enum class RawKind {
    integer,
    real,
    boolean,
    string,
    list,
    other,         // a date, a table inside a list: no field takes it
    command_line,  // text after --set, whatever type the field wants
};

struct RawValue {
    RawKind kind = RawKind::other;
    std::string text;             // as written, without quotes
    std::vector<RawValue> items;  // of a list
    std::string origin;           // "path:line:column" or "--set KEY"
};

// How far the value may reasonably be from the truth: range = ["100cyc", "260cyc"].
struct RawRange {
    RawValue low;
    RawValue high;
};

struct RawEntry {
    RawValue value;
    std::string key_origin;
    std::string source;
    std::string confidence;
    std::optional<RawRange> range;
};

using RawTable = std::map<std::string, RawEntry>;  // by dotted key

struct RawAxis {
    std::string key;
    std::string origin;
    std::vector<RawValue> values;
    std::size_t zip = 0;  // axes with the same number, other than 0, take their values side by side
};

}  // namespace splinter::platforms
