// At which points of an experiment its sensitivity is asked for: all alternatives of one axis, at one value of each other.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/experiment.h"

namespace splinter::platforms {

struct SensitivityPoints {
    std::string ranked_axis;  // "" if no axis has two values
    std::vector<PointKey> keys;
    std::vector<std::string> chosen;  // "platform.cores = 16 (of 2, 16, 64)"
};

// Ranked is flush.strategy where it is an axis with several values, else the last such axis (the seed's apart). Every other
// axis of the experiment file is narrowed to its middle value; axes of --set are taken whole.
[[nodiscard]] SensitivityPoints choose_points(const Experiment& experiment);

// The keys that differ in the ranked axis only, in the order given; `place` is the rest of them.
struct SensitivityPlace {
    PointKey place;
    std::vector<PointKey> keys;             // by alternative
    std::vector<std::string> alternatives;  // values of the ranked axis
};
[[nodiscard]] std::vector<SensitivityPlace> places_of(const SensitivityPoints& points);

}  // namespace splinter::platforms
