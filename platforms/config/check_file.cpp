// A platform, costs or workload file is an experiment that chooses nothing: one that stands on the defaults alone.
#include "platforms/config/check_file.h"

#include "platforms/config/experiment.h"

namespace splinter::platforms {

void check_file(const std::string& path) {
    const Experiment experiment = Experiment::load(path, {});
    for (const PointKey& point : experiment.points()) static_cast<void>(experiment.resolve(point));
}

}  // namespace splinter::platforms
