#include "platforms/cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "hw/base/units.h"
#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"

namespace splinter::platforms {

namespace {

namespace po = boost::program_options;

constexpr unsigned kHelpWidth = 120;
constexpr unsigned kMaxJobs = 4096;

struct WalkOption {
    const char* name;
    const char* value;
    const char* help;
};
constexpr WalkOption kWalkOptions[] = {
    {"access", "KIND",
     "user- or supervisor- and read, write or fetch, implicit-read, implicit-write (default: supervisor-read)"},
    {"cr3", "HEX", "physical address of the root table; must be given"},
    {"cr0", "HEX", "default 80010001: PE WP PG; all numbers in hexadecimal, with or without 0x"},
    {"cr4", "HEX", "default 7200b0: PSE PAE PGE PCIDE SMEP SMAP PKE; bit 12 (LA57) makes 5 levels"},
    {"efer", "HEX", "default d00: LME LMA NXE"},
    {"rflags", "HEX", "default 0; bit 18 (AC) lifts SMAP"},
    {"pkru", "HEX", "default 55555554, as Linux starts a process"},
    {"pkrs", "HEX", "default 0; counts if CR4 bit 24 (PKS) is set"},
    {"maxphyaddr", "N", "bits of a physical address, 32 to 52, decimal (default: hw.mmu.physical_bits)"},
    {"words", "FILE", "page-table words, one ADDRESS:VALUE a line"},
};

bool takes(const Command& command, OptionId option) {
    return std::find(command.options.begin(), command.options.end(), option) != command.options.end();
}

po::options_description options_of(const Command& command) {
    po::options_description out{"options", kHelpWidth};
    auto add = out.add_options();
    const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
    if (takes(command, OptionId::set))
        add("set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
            "set a parameter, or several values of it (KEY=V1,V2) as an axis; may be repeated");
    if (takes(command, OptionId::only))
        add("only", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
            "only the points with this value, or one of these (KEY=V1,V2), on an axis; may be repeated");
    if (takes(command, OptionId::unsafe))
        add("unsafe", "allow flush.mechanism ipi-early-ack to flush kernel memory, which stays exposed (flush.unsafe = true)");
    if (takes(command, OptionId::jobs)) add("jobs,j", text("N"), "points simulated at a time (default: the host's CPUs)");
    if (takes(command, OptionId::out))
        add("out", text("DIR"), "directory for one JSON file per point, sweep.csv and sweep.jsonl");
    if (takes(command, OptionId::dry_run))
        add("dry-run", "list the points with an estimate of the host's time and memory, simulate nothing");
    if (takes(command, OptionId::limits))
        add("point-timeout", text("TIME"), "stop a point that takes longer, e.g. 90s, 10min, 2h (default: none)")(
            "memory-budget", text("SIZE"),
            "for all points that are simulated at a time, e.g. 8GiB (default: nine tenths of what the host has available)");
    if (takes(command, OptionId::json)) add("json", text("FILE"), "write the result, with its whole config, to FILE");
    if (takes(command, OptionId::level))
        add("level", text("LEVEL"),
            "without time, every block predicted: buddy (free lists; drains are inputs) or pcp (per-CPU lists too)");
    if (takes(command, OptionId::free_lists))
        add("buddyinfo", text("FILE"), "of a trace's FILE: /proc/buddyinfo before its first event")(
            "pagetypeinfo", text("FILE"), "of a trace's FILE: /proc/pagetypeinfo before its first event");
    if (takes(command, OptionId::proc))
        add("proc", text("DIR"),
            "write buddyinfo, pagetypeinfo, vmstat and meminfo of the end, as the kernel prints them, to DIR");
    if (takes(command, OptionId::fail_if))
        add("fail-if", po::value<std::vector<std::string>>()->composing()->value_name("FIGURE>RATIO"),
            "exit 1 if the figure's ratio B/A is above (or, with <, below) RATIO anywhere, and not by noise; may be repeated");
    if (takes(command, OptionId::figure))
        add("figure", text("NAME"), "the figure that counts, one that `splinter list` prints (default: cycles_per_page)");
    if (takes(command, OptionId::keep))
        add("keep", text("DIR"), "keep the results in DIR, and do not simulate again what is there");
    if (takes(command, OptionId::folded))
        add("folded", text("FILE"), "write the cycle ledger as folded stacks, for flamegraph.pl and speedscope, to FILE");
    if (takes(command, OptionId::report))
        add("output,o", text("FILE"), "where the page goes (default: report.html in DIR, or beside FILE)")(
            "csv", text("FILE"), "write all figures as CSV, too")("jsonl", text("FILE"), "and as JSON Lines")(
            "sensitivity", text("FILE"), "what `sensitivity --json` wrote (default: sensitivity.json in DIR, if there)");
    if (takes(command, OptionId::configs)) add("configs", text("DIR"), "where platforms/*.toml is found (default: configs)");
    if (takes(command, OptionId::walk)) {
        for (const WalkOption& option : kWalkOptions) add(option.name, text(option.value), option.help);
        add("word", po::value<std::vector<std::string>>()->composing()->value_name("ADDRESS:VALUE"),
            "a page-table word, or several joined by commas; may be repeated; all other words are 0");
    }
    add("verbose,v", "more on standard error")("quiet,q", "warnings and errors only")("help,h", "this text");
    return out;
}

std::string usage(const Command& command) {
    std::string out = "splinter " + std::string{command.name};
    for (const std::string_view name : command.positional) out += fmt::format(" {}", name);
    if (takes(command, OptionId::out)) out += " --out DIR";  // the one option that must be given
    return out;
}

std::string option_names(const po::options_description& options) {
    std::string out;
    for (const auto& option : options.options()) out += fmt::format("{}--{}", out.empty() ? "" : ", ", option->long_name());
    return out;
}

unsigned parse_jobs(const std::string& text) {
    unsigned jobs = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), jobs);
    if (error != std::errc{} || stop != text.data() + text.size() || jobs == 0 || jobs > kMaxJobs)
        throw UserError("--jobs", fmt::format("expected a number from 1 to {}, found \"{}\"", kMaxJobs, text));
    return jobs;
}

std::chrono::milliseconds parse_timeout(const std::string& text) {
    static const std::pair<std::string_view, std::uint64_t> kUnits[] = {
        {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}};
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view rest{stop, static_cast<std::size_t>(text.data() + text.size() - stop)};
    for (const auto& [unit, milliseconds] : kUnits)
        if (error == std::errc{} && rest == unit && number > 0 && number <= kMost / milliseconds)
            return std::chrono::milliseconds{number * milliseconds};
    throw UserError("--point-timeout", fmt::format("expected a time such as 500ms, 90s, 10min or 2h, found \"{}\"", text));
}

std::uint64_t parse_memory(const std::string& text) {
    const UnitResult<std::uint64_t> bytes = parse_bytes(text);
    if (const auto* error = std::get_if<UnitError>(&bytes))
        throw UserError("--memory-budget", fmt::format("found \"{}\": {}", text, error->text));
    if (std::get<std::uint64_t>(bytes) == 0)
        throw UserError("--memory-budget", "found \"" + text + "\", expected more than nothing");
    return std::get<std::uint64_t>(bytes);
}

struct Parsed {
    po::variables_map options;
    std::vector<std::string> positional;
};

Parsed parse(const Command& command, const std::vector<std::string>& texts) {
    const po::options_description known = options_of(command);
    Parsed out;
    try {
        // No guessing: --js for --json would change its meaning with the next option that is added.
        constexpr int kStyle = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        const po::parsed_options parsed = po::command_line_parser(texts).options(known).style(kStyle).run();
        for (const po::option& option : parsed.options)
            if (option.position_key >= 0) out.positional.insert(out.positional.end(), option.value.begin(), option.value.end());
        po::store(parsed, out.options);
    } catch (const po::error& error) {
        throw UserError("command line", error.what(), fmt::format("options of {}: {}", command.name, option_names(known)));
    }
    return out;
}

void check_positional(const Command& command, const std::vector<std::string>& found) {
    const bool optional = !command.positional.empty() && command.positional.back().starts_with('[');
    if (found.size() + (optional ? 1 : 0) < command.positional.size())
        throw UserError("command line", fmt::format("{} is missing", command.positional[found.size()]),
                        "usage: " + usage(command));
    const bool any_number = !command.positional.empty() && command.positional.back().ends_with("...");
    if (!any_number && found.size() > command.positional.size())
        throw UserError("command line", fmt::format("unexpected argument \"{}\"", found[command.positional.size()]),
                        "usage: " + usage(command));
}

}  // namespace

Arguments parse_arguments(const Command& command, const std::vector<std::string>& texts) {
    const auto [values, positional] = parse(command, texts);
    Arguments out;
    const auto text = [&options = values](const char* name) {
        return options.contains(name) ? std::optional{options[name].as<std::string>()} : std::nullopt;
    };
    out.help = values.contains("help");
    if (out.help) return out;
    out.positional = positional;
    check_positional(command, out.positional);
    if (values.contains("set")) out.sets = values["set"].as<std::vector<std::string>>();
    if (values.contains("only")) out.only = values["only"].as<std::vector<std::string>>();
    if (values.contains("fail-if")) out.fail_if = values["fail-if"].as<std::vector<std::string>>();
    if (values.contains("unsafe")) out.sets.emplace_back("flush.unsafe=true");
    out.figure = text("figure");
    out.keep = text("keep");
    out.json = text("json");
    out.out = text("out");
    out.configs = text("configs");
    out.level = text("level");
    out.proc = text("proc");
    out.folded = text("folded");
    out.output = text("output");
    out.csv = text("csv");
    out.jsonl = text("jsonl");
    out.sensitivity = text("sensitivity");
    out.buddyinfo = text("buddyinfo");
    out.pagetypeinfo = text("pagetypeinfo");
    for (const WalkOption& option : kWalkOptions)
        if (const auto value = text(option.name)) out.walk.values.emplace(option.name, *value);
    if (values.contains("word")) out.walk.words = values["word"].as<std::vector<std::string>>();
    out.dry_run = values.contains("dry-run");
    if (const auto timeout = text("point-timeout")) out.point_timeout = parse_timeout(*timeout);
    if (const auto budget = text("memory-budget")) out.memory_budget = parse_memory(*budget);
    out.jobs = values.contains("jobs") ? parse_jobs(*text("jobs")) : std::max(1U, std::thread::hardware_concurrency());
    out.verbose = values.contains("verbose");
    out.quiet = values.contains("quiet");
    if (takes(command, OptionId::out) && !out.out && !out.dry_run)
        throw UserError("command line", "--out DIR is missing", "usage: " + usage(command));
    return out;
}

std::string command_help(const Command& command) {
    std::ostringstream options;
    options << options_of(command);
    return fmt::format("usage: {} [OPTIONS]\n\n{}\n\n{}\nexample:\n  {}\n", usage(command), command.summary, options.str(),
                       command.example);
}

}  // namespace splinter::platforms
