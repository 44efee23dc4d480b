#include "platforms/cli/sensitivity_runs.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "hw/base/user_error.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/experiment_run.h"
#include "platforms/cli/point_pool.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/point_labels.h"
#include "platforms/results/point_hash.h"
#include "platforms/run/check_point.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

std::string text_of(const Move& move) {
    std::string out;
    for (const auto* list : {&move.point, &move.changes}) {
        for (const AxisValue& axis : *list) out += axis.key + "=" + axis.value + "\n";
        out += "\n";
    }
    return out;
}

std::string short_name(const Move& move) {
    if (move.changes.empty()) return point_name(move.point);
    const std::string changes = move.changes.size() == 1 ? move.changes.front().key + "=" + move.changes.front().value
                                                         : fmt::format("{} parameters", move.changes.size());
    return fmt::format("{}, {}", point_name(move.point), changes);
}

std::vector<std::string> sets_with(std::vector<std::string> sets, const std::vector<AxisValue>& changes) {
    for (const AxisValue& change : changes) sets.push_back(change.key + "=" + change.value);
    return sets;
}

// Nothing if the file is not there, or not of this point.
std::optional<RunResult> stored(const std::string& file, const ResolvedPoint& point) {
    if (std::error_code error; !std::filesystem::exists(file, error)) return std::nullopt;
    RunResult result = run_result_from_json(read_file(file), file);
    const bool same = std::ranges::equal(result.config, point.entries, [](const ConfigEntry& a, const ConfigEntry& b) {
        return a.key == b.key && a.value == b.value;
    });
    return same ? std::optional{std::move(result)} : std::nullopt;
}

MoveOutcome reduced(const RunResult& result, const std::string& figure) {
    MoveOutcome out;
    for (const WorkloadResult& workload : result.workloads) {
        MoveOutcome::Workload& kept = out.workloads.emplace_back(MoveOutcome::Workload{workload.workload, {}});
        for (const Phase& phase : workload.phases)
            if (const auto value = phase.metrics.find(figure); value != phase.metrics.end())
                kept.phases.emplace_back(phase.name, value->second);
        out.state_hashes.push_back(workload.state_hash);
    }
    return out;
}

}  // namespace

std::optional<double> MoveOutcome::figure(const std::string& workload, const std::string& phase) const {
    for (const Workload& candidate : workloads)
        if (candidate.name == workload)
            for (const auto& [name, value] : candidate.phases)
                if (name == phase) return value;
    return std::nullopt;
}

SensitivityRuns::SensitivityRuns(const Invocation& invocation, std::string directory, std::string figure)
    : invocation_{invocation}, directory_{std::move(directory)}, figure_{std::move(figure)} {}

const MoveOutcome* SensitivityRuns::find(const Move& move) const {
    const auto found = outcomes_.find(text_of(move));
    return found == outcomes_.end() ? nullptr : &found->second;
}

int SensitivityRuns::run(const std::vector<Move>& moves) {
    const Arguments& arguments = invocation_.arguments;
    PointHasher hasher{invocation_.version};
    std::vector<PointJob> jobs;
    std::vector<std::string> names;
    for (const Move& move : moves) {
        if (outcomes_.contains(text_of(move))) continue;
        PointJob job;
        try {
            const Experiment experiment = Experiment::load(arguments.positional[0], sets_with(arguments.sets, move.changes));
            job.point = experiment.resolve(move.point);
            check_point(job.point);
        } catch (const UserError& error) {
            if (move.changes.empty()) throw;
            refused_.insert(error.what());
            continue;
        }
        job.file = directory_ + "/" + hasher.hash(job.point) + ".json";
        if (const auto known = stored(job.file, job.point)) {
            outcomes_[text_of(move)] = reduced(*known, figure_);
            continue;
        }
        job.name = short_name(move);
        PointKey whole = move.point;
        whole.insert(whole.end(), move.changes.begin(), move.changes.end());
        job.command = reproducing_command(arguments, whole);
        jobs.push_back(std::move(job));
        names.push_back(text_of(move));
    }
    const std::vector<int> codes =
        run_points(jobs, limits_of(arguments), invocation_.version, invocation_.log, [](const auto&, const auto&) {});
    for (std::size_t i = 0; i < jobs.size(); ++i)
        if (codes[i] == kExitOk)
            outcomes_[names[i]] = reduced(run_result_from_json(read_file(jobs[i].file), jobs[i].file), figure_);
    return gravest(codes);
}

}  // namespace splinter::platforms
