// What a point will cost the host: from points of the same sweep that were measured, else from a model that was fitted to
// measured runs (cost_model.h). Every estimate says which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/config/experiment.h"
#include "platforms/results/host_costs.h"

namespace splinter::platforms {

enum class EstimateBasis {
    measured,   // this point, on this or an earlier run of the sweep
    neighbour,  // the measured point that differs in the fewest axes, scaled by the model or, without one, by the cores
    model,      // no point of the sweep is measured
    none,       // and no run like it was ever measured: memory only
};

struct Estimate {
    std::optional<double> seconds;  // of CPU time
    std::uint64_t bytes;
    EstimateBasis basis;
};

// One point as the estimate sees it. `points` are all of the sweep, in any order.
[[nodiscard]] std::vector<Estimate> estimate_costs(const std::vector<const ResolvedPoint*>& points,
                                                   const std::map<std::string, HostCost>& measured);

[[nodiscard]] std::string_view basis_name(EstimateBasis basis);

}  // namespace splinter::platforms
