// splinter run CONFIG: one point, its figures, and where its cycles went.
#include <spdlog/logger.h>

#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/comparison_table.h"
#include "platforms/report/folded_stacks.h"
#include "platforms/report/ledger_report.h"
#include "platforms/report/proc_directory.h"
#include "platforms/report/statistics_report.h"
#include "platforms/run/run_point.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

int execute_run(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const ResolvedPoint point = Experiment::load(arguments.positional[0], arguments.sets).resolve_single();
    if (arguments.json) check_writable(*arguments.json);
    if (arguments.folded) check_writable(*arguments.folded);
    if (arguments.proc) prepare_proc_directory(*arguments.proc);
    RunResult result = run_point(point);
    result.program_version = invocation.version;
    if (arguments.json) {
        write_file_atomically(*arguments.json, to_json(result));
        invocation.log.debug("wrote {}", *arguments.json);
    }
    if (arguments.folded) write_file_atomically(*arguments.folded, folded_stacks(result));
    if (arguments.proc) write_proc_directory(*arguments.proc, result);
    const std::string statistics = statistics_report(result);
    print(comparison_table({{{}, result}}) + "\n" + ledger_report(result) + (statistics.empty() ? "" : "\n" + statistics));
    return kExitOk;
}

}  // namespace splinter::platforms
