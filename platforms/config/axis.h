// The axes of an experiment and the points that they span.
#pragma once

#include <string>
#include <vector>

namespace splinter::platforms {

// One key that takes several values: from [axes] of the file or from --set key=a,b,c.
struct Axis {
    std::string key;
    std::vector<std::string> values;  // canonical text, in the order given; durations in ns stay in ns, because the
                                      // frequency may be an axis too
    std::string origin;               // "file:line:column" or "--set KEY"
};

// One choice of a value for every axis, in the order of axes().
struct AxisValue {
    std::string key;
    std::string value;
    friend bool operator==(const AxisValue&, const AxisValue&) = default;
};
using PointKey = std::vector<AxisValue>;

}  // namespace splinter::platforms
