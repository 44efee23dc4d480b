// The table of commands. A new command is one file with its execute function and one row in commands.cpp.
#pragma once

#include <span>
#include <string_view>

#include "platforms/cli/arguments.h"

namespace spdlog {
class logger;
}

namespace splinter::platforms {

// What a command works with: its arguments, the version that results carry, and the log (standard error).
struct Invocation {
    const Arguments& arguments;
    std::string_view version;
    spdlog::logger& log;
};

struct Command {
    std::string_view name;                         // one or two words
    std::span<const std::string_view> positional;  // names of the arguments, all required; "NAME...": one or more; "[NAME]": none or one
    std::span<const OptionId> options;
    std::string_view summary;
    std::string_view example;
    int (*execute)(const Invocation&);  // returns the exit code; throws what cli_main turns into one
};

std::span<const Command> commands();

int execute_run(const Invocation& invocation);
int execute_sweep(const Invocation& invocation);
int execute_compare(const Invocation& invocation);
int execute_diff(const Invocation& invocation);
int execute_sensitivity(const Invocation& invocation);
int execute_report(const Invocation& invocation);
int execute_replay(const Invocation& invocation);
int execute_conform(const Invocation& invocation);
int execute_validate(const Invocation& invocation);
int execute_walk(const Invocation& invocation);
int execute_list(const Invocation& invocation);
int execute_config_check(const Invocation& invocation);
int execute_config_explain(const Invocation& invocation);
int execute_config_reference(const Invocation& invocation);

}  // namespace splinter::platforms
