// splinter sweep CONFIG --out DIR: one JSON file per point, a CSV, and the comparison.
#include <filesystem>

#include <spdlog/logger.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/experiment_run.h"
#include "platforms/cli/output.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/comparison_json.h"
#include "platforms/report/comparison_report.h"
#include "platforms/report/csv_report.h"

namespace splinter::platforms {

int execute_sweep(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const std::string directory = *arguments.out;
    const std::string csv = directory + "/sweep.csv";
    const std::vector<PointJob> jobs = prepare_points(arguments, directory);
    if (arguments.json) check_writable(*arguments.json);
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) throw UserError("--out " + directory, "cannot be created: " + error.message());
    write_file_atomically(directory + "/" + kIndexFile, to_json(index_of(jobs, invocation.version)));
    check_writable(csv);
    const ExperimentOutcome outcome = run_experiment(jobs, invocation);
    write_file_atomically(csv, csv_report(outcome.results));
    if (arguments.json && outcome.exit_code == kExitOk)
        write_file_atomically(*arguments.json, comparison_json(outcome.results));
    invocation.log.info("results (.json) and sweep.csv: {} points in {}", outcome.results.size(), directory);
    print(comparison_report(outcome.results));
    return outcome.exit_code;
}

}  // namespace splinter::platforms
