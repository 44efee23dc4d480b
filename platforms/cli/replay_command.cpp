// splinter replay DIR|FILE: a real kernel's allocations on the modelled allocator. DIR: and whether it ends with the same free
// pages, or at a level with the same lists. FILE: a user's trace, without a state to compare with.
#include <filesystem>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/replay/level_replay.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/proc_directory.h"
#include "platforms/report/replay_report.h"
#include "platforms/report/user_replay_report.h"
#include "platforms/run/replay.h"
#include "platforms/run/user_replay.h"

namespace splinter::platforms {

namespace {

int replay_without_time(const Invocation& invocation, ReplayLevel level) {
    const Arguments& arguments = invocation.arguments;
    const std::string& directory = arguments.positional[0];
    if (arguments.proc) throw UserError("--proc", "does nothing with --level, whose end is the recording's");
    if (!arguments.sets.empty())
        throw UserError("--set", "does nothing with --level: the kernel's rules and limits are those of the recording");
    const LevelReport report = replay_at_level(directory, level);
    if (arguments.json) write_file_atomically(*arguments.json, report.json(directory, std::string{invocation.version}));
    print(report.text());
    return report.agrees() ? kExitOk : kExitDisagreement;
}

int replay_file(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    if (arguments.level)
        throw UserError("--level",
                        "needs the snapshots of a directory: the text of a trace does not tell which blocks were free");
    if (arguments.proc) prepare_proc_directory(*arguments.proc);
    UserReplayReport report = replay_user_trace(
        {arguments.positional[0], arguments.buddyinfo.value_or(""), arguments.pagetypeinfo.value_or("")}, arguments.sets);
    report.result.program_version = invocation.version;
    if (arguments.json) write_file_atomically(*arguments.json, user_replay_json(report));
    if (arguments.proc) write_proc_directory(*arguments.proc, report.result);
    print(user_replay_text(report));
    return report.served() ? kExitOk : kExitDisagreement;
}

}  // namespace

int execute_replay(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    if (arguments.json) check_writable(*arguments.json);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(arguments.positional[0], ignored)) return replay_file(invocation);
    if (arguments.buddyinfo || arguments.pagetypeinfo)
        throw UserError(arguments.buddyinfo ? "--buddyinfo" : "--pagetypeinfo",
                        "does nothing with a directory, which brings a snapshot");
    if (arguments.proc && !arguments.level) prepare_proc_directory(*arguments.proc);
    if (arguments.level) return replay_without_time(invocation, parse_replay_level(*arguments.level));
    const ReplayReport report = replay_trace(arguments.positional[0], arguments.sets);
    if (arguments.json) write_file_atomically(*arguments.json, replay_json(report, std::string{invocation.version}));
    if (arguments.proc) write_proc_directory(*arguments.proc, report.result);
    print(replay_text(report));
    return report.agrees() ? kExitOk : kExitDisagreement;
}

}  // namespace splinter::platforms
