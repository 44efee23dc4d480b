// The axes of an experiment; the points that they span are PointKeys (platforms/run/run_result.h).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace splinter::platforms {

// One key that takes several values: from [axes] of the file or from --set key=a,b,c. Axes of one [[axes.zip]] have as many
// values as each other: the n-th value of one goes with the n-th of the others.
struct Axis {
    std::string key;
    std::vector<std::string> values;  // canonical text, in the order given; durations in ns stay in ns, because the
                                      // frequency may be an axis too
    std::string origin;               // "file:line:column" or "--set KEY"
    std::size_t zip = 0;              // the same number: one zip; 0: none
};

}  // namespace splinter::platforms
