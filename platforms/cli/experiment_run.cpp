#include "platforms/cli/experiment_run.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "platforms/cli/exit_codes.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/point_labels.h"
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

// The user's --set texts, less those that are axes, and the point's value of each axis.
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
    for (const int code : {kExitBug, kExitFinding, kExitUserError})
        if (std::find(exit_codes.begin(), exit_codes.end(), code) != exit_codes.end()) return code;
    return kExitOk;
}

}  // namespace

SweepIndex index_of(const std::vector<PointJob>& jobs, std::string_view version) {
    SweepIndex index{std::string{version}, jobs.empty() ? "" : jobs.front().point.question, {}};
    for (const PointJob& job : jobs)
        index.points.push_back({job.point.key, std::filesystem::path{job.file}.filename().string()});
    return index;
}

std::vector<PointJob> prepare_points(const Arguments& arguments, const std::string& directory) {
    const Experiment experiment = Experiment::load(arguments.positional[0], arguments.sets);
    std::vector<PointJob> jobs;
    for (const PointKey& key : experiment.points()) {
        jobs.push_back({experiment.resolve(key), point_name(key), fmt::format("{}/{}.json", directory, point_file_stem(key)),
                        reproducing_command(arguments, key)});
        check_point(jobs.back().point);
    }
    return jobs;
}

ExperimentOutcome run_experiment(const std::vector<PointJob>& jobs, const Invocation& invocation) {
    const std::vector<int> exit_codes = run_points(jobs, invocation.arguments.jobs, invocation.version, invocation.log);
    ExperimentOutcome outcome{{}, gravest(exit_codes)};
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (exit_codes[i] == kExitOk)
            outcome.results.push_back({jobs[i].point.key, run_result_from_json(read_file(jobs[i].file), jobs[i].file)});
    const std::size_t failed = jobs.size() - outcome.results.size();
    if (failed != 0) invocation.log.error("{} of {} points failed; the table lacks them", failed, jobs.size());
    return outcome;
}

}  // namespace splinter::platforms
