#include "platforms/cli/experiment_run.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "platforms/cli/exit_codes.h"
#include "platforms/cli/memory_budget.h"
#include "platforms/config/point_filter.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/point_labels.h"
#include "platforms/results/host_costs.h"
#include "platforms/results/result_store.h"
#include "platforms/run/check_point.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

// A word of a shell command.
std::string quoted(const std::string& text) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+%@";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
}

std::string key_of(const std::string& set) { return set.substr(0, set.find('=')); }

}  // namespace

std::string reproducing_command(const Arguments& arguments, const PointKey& key) {
    std::string out = "splinter run " + quoted(arguments.positional[0]);
    for (const std::string& set : arguments.sets) {
        const auto is_axis = [&](const AxisValue& axis) { return axis.key == key_of(set); };
        if (std::none_of(key.begin(), key.end(), is_axis)) out += " --set " + quoted(set);
    }
    for (const AxisValue& axis : key) out += " --set " + quoted(axis.key + "=" + axis.value);
    return out;
}

int gravest(const std::vector<int>& exit_codes) {
    for (const int code : {kExitBug, kExitFinding, kExitUserError, kExitDisagreement})
        if (std::find(exit_codes.begin(), exit_codes.end(), code) != exit_codes.end()) return code;
    const bool all = std::find(exit_codes.begin(), exit_codes.end(), kExitNotStarted) == exit_codes.end();
    return all ? kExitOk : kExitUserError;
}

PoolLimits limits_of(const Arguments& arguments) {
    return {arguments.jobs, arguments.point_timeout, arguments.memory_budget.value_or(default_memory_budget())};
}

std::string plain_file_name(const ResolvedPoint& point) { return point_file_stem(point.key) + ".json"; }

PreparedExperiment prepare_points(const Arguments& arguments, const std::string& directory, const FileNameOf& file_name) {
    const Experiment experiment = Experiment::load(arguments.positional[0], arguments.sets);
    const std::vector<PointKey> chosen = filtered_points(experiment, arguments.only);
    PreparedExperiment prepared;
    prepared.index.question = experiment.question();
    auto next = chosen.begin();  // the same order as all points
    for (const PointKey& key : experiment.points()) {
        ResolvedPoint point = experiment.resolve(key);
        check_point(point);
        const std::string name = file_name(point);
        prepared.index.points.push_back({key, name});
        if (next == chosen.end() || *next != key) continue;
        ++next;
        const std::string path = directory + "/" + name;
        prepared.jobs.push_back(
            {std::move(point), point_name(key), path, reproducing_command(arguments, key), {}, has_failed(path)});
    }
    std::vector<const ResolvedPoint*> points;
    for (const PointJob& job : prepared.jobs) points.push_back(&job.point);
    const std::vector<Estimate> estimates = estimate_costs(points, read_host_costs(directory));
    for (std::size_t i = 0; i < estimates.size(); ++i) prepared.jobs[i].estimate = estimates[i];
    return prepared;
}

ExperimentOutcome run_experiment(const std::vector<PointJob>& jobs, const Invocation& invocation) {
    const std::vector<int> exit_codes =
        run_points(jobs, limits_of(invocation.arguments), invocation.version, invocation.log, [](const auto&, const auto&) {});
    ExperimentOutcome outcome{{}, gravest(exit_codes)};
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (exit_codes[i] == kExitOk)
            outcome.results.push_back({jobs[i].point.key, run_result_from_json(read_file(jobs[i].file), jobs[i].file)});
    const std::size_t failed = jobs.size() - outcome.results.size();
    if (failed != 0) invocation.log.error("{} of {} points failed; the table lacks them", failed, jobs.size());
    return outcome;
}

}  // namespace splinter::platforms
