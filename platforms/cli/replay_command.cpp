// splinter replay DIR: a real kernel's allocations on the modelled allocator, and whether it ends with the same free pages.
#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/replay/level_replay.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/replay_report.h"
#include "platforms/run/replay.h"

namespace splinter::platforms {

namespace {

int replay_without_time(const Invocation& invocation, ReplayLevel level) {
    const Arguments& arguments = invocation.arguments;
    const std::string& directory = arguments.positional[0];
    if (!arguments.sets.empty())
        throw UserError("--set", "does nothing with --level: the kernel's rules and limits are those of the recording");
    const LevelReport report = replay_at_level(directory, level);
    if (arguments.json) write_file_atomically(*arguments.json, report.json(directory, std::string{invocation.version}));
    print(report.text());
    return report.agrees() ? kExitOk : kExitDisagreement;
}

}  // namespace

int execute_replay(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    if (arguments.json) check_writable(*arguments.json);
    if (arguments.level) return replay_without_time(invocation, parse_replay_level(*arguments.level));
    const ReplayReport report = replay_trace(arguments.positional[0], arguments.sets);
    if (arguments.json) write_file_atomically(*arguments.json, replay_json(report, std::string{invocation.version}));
    print(replay_text(report));
    return report.agrees() ? kExitOk : kExitDisagreement;
}

}  // namespace splinter::platforms
