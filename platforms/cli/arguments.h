// What follows the command: options and positional arguments, checked against what the command takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace splinter::platforms {

struct Command;

// The options that a command can offer beside --help, --verbose and --quiet, which all have.
enum class OptionId {
    set,
    only,
    json,
    jobs,
    out,
    dry_run,
    limits,
    configs,
    walk,
    level,
    proc,
    free_lists,
    unsafe,
    fail_if,
    figure,
    keep,
    folded,
    report
};

// The options of `splinter walk`, as text.
struct WalkArguments {
    std::map<std::string, std::string> values;  // by name: registers, maxphyaddr, access, words (a file)
    std::vector<std::string> words;             // the texts after --word
};

struct Arguments {
    std::vector<std::string> positional;
    std::vector<std::string> sets;  // the texts after --set
    std::vector<std::string> only;  // the texts after --only
    std::vector<std::string> fail_if;  // the texts after --fail-if
    std::optional<std::string> figure;
    std::optional<std::string> keep;
    std::optional<std::string> json;
    std::optional<std::string> out;
    std::optional<std::string> configs;
    std::optional<std::string> level;
    std::optional<std::string> proc;
    std::optional<std::string> folded;
    std::optional<std::string> output;
    std::optional<std::string> csv;
    std::optional<std::string> jsonl;
    std::optional<std::string> sensitivity;
    std::optional<std::string> buddyinfo;
    std::optional<std::string> pagetypeinfo;
    WalkArguments walk;
    std::optional<std::chrono::milliseconds> point_timeout;
    std::optional<std::uint64_t> memory_budget;  // bytes
    unsigned jobs = 1;                           // default: the host's CPUs
    bool dry_run = false;
    bool help = false;
    bool verbose = false;
    bool quiet = false;
};

// Throws UserError: unknown or repeated option, missing or malformed value, too few or too many arguments.
Arguments parse_arguments(const Command& command, const std::vector<std::string>& texts);

// Usage, options and an example of one command.
std::string command_help(const Command& command);

}  // namespace splinter::platforms
