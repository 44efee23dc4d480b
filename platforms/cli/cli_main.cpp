#include "platforms/cli/cli_main.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

namespace {

std::string names_of_commands() {
    std::string out;
    for (const Command& command : commands()) out += fmt::format("{}{}", out.empty() ? "" : ", ", command.name);
    return out;
}

std::string general_help() {
    std::string out =
        "splinter: what it costs, on N cores, to take pages out of the Linux kernel's direct map\n"
        "\nusage: splinter COMMAND ARGUMENTS... [OPTIONS]\n\ncommands, each with an example:\n";
    for (const Command& command : commands())
        out += fmt::format("\n  {:<18}{}\n      {}\n", command.name, command.summary, command.example);
    return out +
           "\n`splinter COMMAND --help` lists the options of a command, `splinter --version` the version.\n"
           "Exit codes: 0 ok, 1 disagreement, 2 the user's mistake, 3 the simulated system failed, 70 a bug of splinter.\n";
}

// The command whose one or two words `arguments` begins with.
const Command& find_command(const std::vector<std::string>& arguments) {
    if (arguments.empty()) throw UserError("command line", "no command", "commands: " + names_of_commands());
    const std::string two_words = arguments.size() > 1 ? arguments[0] + " " + arguments[1] : arguments[0];
    for (const Command& command : commands())
        if (command.name == arguments[0] || command.name == two_words) return command;
    const bool half_of_two = arguments.size() > 1 && two_words.starts_with("config ");
    throw UserError("command line", fmt::format("unknown command \"{}\"", half_of_two ? two_words : arguments[0]),
                    "commands: " + names_of_commands());
}

std::size_t words_in(std::string_view name) { return name.find(' ') == std::string_view::npos ? 1 : 2; }

int dispatch(std::vector<std::string> arguments, spdlog::logger& log) {
    const std::string first = arguments.empty() ? "" : arguments.front();
    if (first == "--help" || first == "-h" || arguments == std::vector<std::string>{"config", "--help"}) {
        print(general_help());
        return kExitOk;
    }
    if (first == "--version") {
        print(fmt::format("splinter {} (result schema {})\n", SPLINTER_VERSION, kResultSchema));
        return kExitOk;
    }
    const Command& command = find_command(arguments);
    arguments.erase(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(words_in(command.name)));
    const Arguments parsed = parse_arguments(command, arguments);
    if (parsed.help) {
        print(command_help(command));
        return kExitOk;
    }
    log.set_level(parsed.quiet ? spdlog::level::warn : parsed.verbose ? spdlog::level::debug : spdlog::level::info);
    return command.execute({parsed, SPLINTER_VERSION, log});
}

}  // namespace

int cli_main(int argc, const char* const* argv) {
    try {
        spdlog::logger log{"splinter", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
        log.set_pattern("splinter: %v");
        return dispatch(std::vector<std::string>(argv + 1, argv + argc), log);
    } catch (...) {
        const Failure failure = describe_current_exception();
        std::fprintf(stderr, "splinter: %s\n", failure.text.c_str());
        return failure.exit_code;
    }
}

}  // namespace splinter::platforms
