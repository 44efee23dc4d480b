// splinter compare CONFIG: a sweep that keeps nothing but its table.
#include <spdlog/logger.h>

#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/experiment_run.h"
#include "platforms/cli/output.h"
#include "platforms/cli/scratch_directory.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/comparison_json.h"
#include "platforms/report/comparison_report.h"

namespace splinter::platforms {

int execute_compare(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const ScratchDirectory scratch;
    const std::vector<PointJob> jobs = prepare_points(arguments, scratch.path(), plain_file_name).jobs;
    if (arguments.json) check_writable(*arguments.json);
    const ExperimentOutcome outcome = run_experiment(jobs, invocation);
    if (arguments.json && outcome.exit_code == kExitOk)
        write_file_atomically(*arguments.json, comparison_json(outcome.results));
    print(comparison_report(outcome.results));
    return outcome.exit_code;
}

}  // namespace splinter::platforms
