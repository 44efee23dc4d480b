#include "platforms/cli/dry_run.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "platforms/cli/progress.h"
#include "platforms/cli/time_left.h"
#include "platforms/report/numbers.h"
#include "platforms/report/text_table.h"
#include "platforms/results/cost_model.h"
#include "platforms/results/result_store.h"

namespace splinter::platforms {

namespace {

enum class State { finished, failed_before, to_do };

std::string state_name(State state) {
    return state == State::finished ? "finished" : state == State::failed_before ? "failed before" : "to do";
}

std::string seconds_text(const Estimate& estimate) { return estimate.seconds ? human_duration(*estimate.seconds) : "?"; }

std::string meaning(EstimateBasis basis) {
    switch (basis) {
        case EstimateBasis::measured:
            return "this point, when it was simulated into this folder (host-costs.jsonl)";
        case EstimateBasis::neighbour:
            return "the point measured in this folder that differs in the fewest axes, scaled by the model, or by the cores "
                   "where the "
                   "model has nothing";
        case EstimateBasis::model:
            return cost_model_origin();
        case EstimateBasis::none:
            return "no run like it was measured; memory by the model. Simulate one point with --only and ask again";
    }
    return "";
}

std::string explanation(const std::vector<PointJob>& jobs) {
    std::string out = "CPU time and memory of the host are estimates:\n";
    for (const EstimateBasis basis :
         {EstimateBasis::measured, EstimateBasis::neighbour, EstimateBasis::model, EstimateBasis::none})
        if (std::any_of(jobs.begin(), jobs.end(), [&](const PointJob& job) { return job.estimate.basis == basis; }))
            out += fmt::format("  {:<10} {}\n", basis_name(basis), meaning(basis));
    return out;
}

std::string summary(const std::vector<PointJob>& all, const std::vector<PointJob>& to_do, const PoolLimits& limits) {
    double seconds = 0;
    std::size_t unknown = 0;
    std::uint64_t bytes = 0;
    for (const PointJob& job : to_do) {
        seconds += job.estimate.seconds.value_or(0);
        unknown += job.estimate.seconds ? 0 : 1;
        bytes = std::max(bytes, job.estimate.bytes);
    }
    std::string out = fmt::format("{} point{}, {} to do", all.size(), all.size() == 1 ? "" : "s", to_do.size());
    if (to_do.empty()) return out + "\n";
    if (unknown < to_do.size()) out += fmt::format(": about {} of CPU time", human_duration(seconds));
    if (unknown == 0)
        out += fmt::format(", {} with {} at a time", human_duration(TimeLeft{to_do}.seconds(limits.at_once)), limits.at_once);
    if (unknown > 0) out += fmt::format("{} {} of which no time is known", unknown < to_do.size() ? ", and" : ":", unknown);
    return out + fmt::format("\nmemory: at most {} a point; the budget for all that run at a time is {}\n",
                             human_bytes(static_cast<double>(bytes)), human_bytes(static_cast<double>(limits.memory_budget)));
}

}  // namespace

std::string dry_run_report(const std::vector<PointJob>& jobs, const std::string& directory, const PoolLimits& limits) {
    const std::set<std::string> finished = directory.empty() ? std::set<std::string>{} : finished_hashes(directory);
    std::vector<PointJob> to_do;
    TextTable table;
    table.add_column("point", Align::left);
    table.add_column("state", Align::left);
    for (const char* heading : {"CPU time", "memory"}) table.add_column(heading, Align::right);
    table.add_column("estimate", Align::left);
    for (const PointJob& job : jobs) {
        const State state = finished.contains(hash_in(job.file)) ? State::finished
                            : job.has_failed                     ? State::failed_before
                                                                 : State::to_do;
        if (state != State::finished) to_do.push_back(job);
        table.add_row({job.name, state_name(state), seconds_text(job.estimate),
                       human_bytes(static_cast<double>(job.estimate.bytes)), std::string{basis_name(job.estimate.basis)}});
    }
    return summary(jobs, to_do, limits) + "\n" + table.render() + "\n" + explanation(jobs);
}

}  // namespace splinter::platforms
