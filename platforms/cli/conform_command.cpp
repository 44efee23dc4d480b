// splinter conform FILE|DIR...: does the model answer as recorded CPUs and kernels did? `--set platform.model=` chooses the
// TLBs.
#include <fmt/format.h>

#include <filesystem>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/config/experiment.h"
#include "platforms/conform/record_formats.h"
#include "platforms/conform/trace_run.h"

namespace splinter::platforms {
namespace {

void run_directory(const std::string& path, ConformReport& report) {
    namespace fs = std::filesystem;
    const fs::path trace = fs::path{path} / "trace.csv";
    if (!fs::exists(trace) && !fs::exists(trace.string() + ".xz"))
        throw UserError(path,
                        "is a folder without trace.csv, allowed: files of records, or folders of a recorded allocation trace "
                        "(trace.csv, snap0.json, snap1.json, plain or .xz)");
    run_trace_directory(path, report);
}

}  // namespace

int execute_conform(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    ConformReport report{arguments.verbose ? Detail::every_disputed_record : Detail::summary};
    const hw::MachineParams machine = Experiment::load("", arguments.sets).resolve_single().config.hw;
    for (const std::string& path : arguments.positional)
        std::filesystem::is_directory(path) ? run_directory(path, report) : run_record_file(path, machine, report);
    if (report.stale().allowed > 0) print(fmt::format("TLBs and paging-structure caches: {}\n\n", machine.name));
    print(report.text());
    return report.agrees() ? kExitOk : kExitDisagreement;
}

}  // namespace splinter::platforms
