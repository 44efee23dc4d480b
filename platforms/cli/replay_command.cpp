// splinter replay DIR: a real kernel's allocations on the modelled allocator, and whether it ends with the same free pages.
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/replay_report.h"
#include "platforms/run/replay.h"

namespace splinter::platforms {

int execute_replay(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    if (arguments.json) check_writable(*arguments.json);
    const ReplayReport report = replay_trace(arguments.positional[0], arguments.sets);
    if (arguments.json) write_file_atomically(*arguments.json, replay_json(report, std::string{invocation.version}));
    print(replay_text(report));
    return report.agrees() ? kExitOk : kExitDisagreement;
}

}  // namespace splinter::platforms
