// splinter sweep CONFIG --out DIR: one JSON file per point, the same as CSV and JSON Lines, and the comparison. Points that DIR
// has are not simulated again, so that the same command goes on where the last one ended, whatever ended it.
#include <algorithm>

#include <spdlog/logger.h>

#include "platforms/cli/commands.h"
#include "platforms/cli/dry_run.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/experiment_run.h"
#include "platforms/cli/output.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/comparison_json.h"
#include "platforms/report/comparison_report.h"
#include "platforms/report/csv_report.h"
#include "platforms/report/jsonl_report.h"
#include "platforms/report/point_labels.h"
#include "platforms/results/host_costs.h"
#include "platforms/results/point_hash.h"
#include "platforms/results/result_folder.h"
#include "platforms/results/result_store.h"

namespace splinter::platforms {

namespace {

constexpr const char* kCsv = "/sweep.csv";
constexpr const char* kJsonLines = "/sweep.jsonl";

PreparedExperiment prepare(const Arguments& arguments, std::string_view version) {
    PointHasher hasher{version};
    PreparedExperiment prepared = prepare_points(arguments, arguments.out.value_or(""), [&](const ResolvedPoint& point) {
        return result_file_name(point_file_stem(point.key), hasher.hash(point));
    });
    prepared.index.program_version = version;
    return prepared;
}

// What --out DIR keeps of a point that ended.
void keep(const ResultStore& store, const std::string& directory, const PointJob& job, const PointEnd& end) {
    if (end.exit_code == kExitOk) {
        append_host_cost(directory, config_hash(job.point), end.cost);
        store.forget_failure(job.file);
    } else {
        store.keep_failure(job.file, end.message + "\n" + job.command + "\n");
    }
}

// Simulates the points that the folder lacks; the exit codes of those.
std::vector<int> run_missing(const std::vector<PointJob>& jobs, const ResultStore& store, const Invocation& invocation) {
    std::vector<PointJob> missing;
    for (const PointJob& job : jobs)
        if (!store.find(job.point, job.file)) missing.push_back(job);
    if (missing.size() < jobs.size())
        invocation.log.info("{} of {} points are there already", jobs.size() - missing.size(), jobs.size());
    return run_points(missing, limits_of(invocation.arguments), invocation.version, invocation.log,
                      [&](const PointJob& job, const PointEnd& end) { keep(store, *invocation.arguments.out, job, end); });
}

}  // namespace

int execute_sweep(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const PreparedExperiment prepared = prepare(arguments, invocation.version);
    if (arguments.dry_run) {
        print(dry_run_report(prepared.jobs, arguments.out.value_or(""), limits_of(arguments)));
        return kExitOk;
    }
    const std::string& directory = *arguments.out;
    if (arguments.json) check_writable(*arguments.json);
    const ResultStore store{directory, prepared.index};
    for (const char* name : {kCsv, kJsonLines}) check_writable(directory + name);
    store.write_index(prepared.index);
    const int exit_code = gravest(run_missing(prepared.jobs, store, invocation));

    // All that the folder has, also of what --only leaves out: several sweeps may do a part each.
    const std::vector<PointResult> finished = finished_points(directory, prepared.index);
    write_file_atomically(directory + kCsv, csv_report(finished));
    write_file_atomically(directory + kJsonLines, jsonl_report(finished));
    std::vector<PointResult> chosen;
    for (const PointResult& point : finished)
        if (std::any_of(prepared.jobs.begin(), prepared.jobs.end(),
                        [&](const PointJob& job) { return job.point.key == point.key; }))
            chosen.push_back(point);
    const std::size_t lacking = prepared.jobs.size() - chosen.size();
    if (lacking != 0)
        invocation.log.error("{} of {} points failed or were not started; the table lacks them", lacking, prepared.jobs.size());
    if (arguments.json && exit_code == kExitOk) write_file_atomically(*arguments.json, comparison_json(chosen));
    invocation.log.info("results (.json), sweep.csv and sweep.jsonl: {} points in {}", finished.size(), directory);
    print(comparison_report(chosen));
    return exit_code;
}

}  // namespace splinter::platforms
