// A point of a sweep and what was found there: the input of every report over several points.
#pragma once

#include "platforms/config/experiment.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct PointResult {
    PointKey key;
    RunResult result;
};

}  // namespace splinter::platforms
