// All points of an experiment, simulated in child processes and read back from their files: what sweep and compare share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "platforms/cli/commands.h"
#include "platforms/cli/point_pool.h"
#include "platforms/results/sweep_index.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct PreparedExperiment {
    std::vector<PointJob> jobs;  // the points that --only leaves
    SweepIndex index;            // all points
};

using FileNameOf = std::function<std::string(const ResolvedPoint&)>;
// "cores=2,strategy=none.json".
std::string plain_file_name(const ResolvedPoint& point);

// Every point of the experiment, resolved: a mistake in any of them is thrown before the first is simulated. Files go to
// `directory`, which need not exist yet; estimates use what has been measured there.
PreparedExperiment prepare_points(const Arguments& arguments, const std::string& directory, const FileNameOf& file_name);

// A command line that simulates one point alone: the user's --set texts, less those that are axes, and the point's value of
// each axis.
std::string reproducing_command(const Arguments& arguments, const PointKey& key);

// The one to end with: a bug before a finding before a user's mistake, else kExitOk.
int gravest(const std::vector<int>& exit_codes);

struct ExperimentOutcome {
    std::vector<PointResult> results;  // of the points that succeeded, in point order
    int exit_code;  // kExitOk if all did, else the gravest: a bug, a finding, a user's mistake, a limit passed
};

// With what --jobs, --point-timeout and --memory-budget allow.
ExperimentOutcome run_experiment(const std::vector<PointJob>& jobs, const Invocation& invocation);

PoolLimits limits_of(const Arguments& arguments);
// The gravest of the exit codes of points.
int gravest(const std::vector<int>& exit_codes);

}  // namespace splinter::platforms
