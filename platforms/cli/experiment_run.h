// All points of an experiment, simulated in child processes and read back from their files: what sweep and compare share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platforms/cli/commands.h"
#include "platforms/cli/point_pool.h"
#include "platforms/results/sweep_index.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

// What sweep.json says of the jobs of one experiment.
SweepIndex index_of(const std::vector<PointJob>& jobs, std::string_view version);

// Every point of the experiment, resolved: a mistake in any of them is thrown before the first is simulated. Files go to
// `directory`, which need not exist yet.
std::vector<PointJob> prepare_points(const Arguments& arguments, const std::string& directory);

struct ExperimentOutcome {
    std::vector<PointResult> results;  // of the points that succeeded, in point order
    int exit_code;                     // kExitOk if all did, else the gravest: a bug, then a finding, then a user's mistake
};

ExperimentOutcome run_experiment(const std::vector<PointJob>& jobs, const Invocation& invocation);

}  // namespace splinter::platforms
