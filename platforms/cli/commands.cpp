#include "platforms/cli/commands.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kConfig[] = {"CONFIG"};
constexpr std::string_view kTrace[] = {"DIR|FILE"};
constexpr std::string_view kResults[] = {"DIR|FILE"};
constexpr std::string_view kFile[] = {"FILE"};
constexpr std::string_view kRecords[] = {"FILE|DIR..."};
constexpr std::string_view kOneFile[] = {"[FILE]"};
constexpr std::string_view kTwoResults[] = {"A", "B"};
constexpr std::string_view kAddress[] = {"ADDRESS"};

constexpr OptionId kRunOptions[] = {OptionId::set, OptionId::unsafe, OptionId::json, OptionId::proc, OptionId::folded};
constexpr OptionId kReplayOptions[] = {OptionId::level, OptionId::set, OptionId::json, OptionId::proc, OptionId::free_lists};
constexpr OptionId kSweepOptions[] = {OptionId::set, OptionId::unsafe,  OptionId::only,   OptionId::jobs,
                                      OptionId::out, OptionId::dry_run, OptionId::limits, OptionId::json};
constexpr OptionId kCompareOptions[] = {OptionId::set,  OptionId::unsafe, OptionId::only,
                                        OptionId::jobs, OptionId::limits, OptionId::json};
constexpr OptionId kDiffOptions[] = {OptionId::fail_if, OptionId::json};
constexpr OptionId kSensitivityOptions[] = {OptionId::set,  OptionId::unsafe, OptionId::jobs,
                                            OptionId::json, OptionId::figure, OptionId::keep};
constexpr OptionId kListOptions[] = {OptionId::configs};
constexpr OptionId kValidateOptions[] = {OptionId::set, OptionId::jobs, OptionId::json, OptionId::configs};
constexpr OptionId kReportOptions[] = {OptionId::report};
constexpr OptionId kSetOnly[] = {OptionId::set};
constexpr OptionId kExplainOptions[] = {OptionId::set, OptionId::unsafe, OptionId::only};
constexpr OptionId kCheckOptions[] = {OptionId::set, OptionId::unsafe};
constexpr OptionId kWalkCommandOptions[] = {OptionId::walk, OptionId::set};

constexpr Command kCommands[] = {
    {"run", kConfig, kRunOptions, "simulate one point; prints its figures and the largest accounts of its cycle ledger",
     "splinter run configs/experiments/first-light.toml --set platform.cores=16 --set flush.strategy=freetype --json out.json",
     execute_run},
    {"sweep", kConfig, kSweepOptions,
     "simulate all combinations of the axes and keep one JSON file per point. The same command again goes on where it was "
     "stopped, or killed",
     "splinter sweep configs/experiments/first-light.toml --set 'platform.cores=2..64 x2' -j 2 --out results", execute_sweep},
    {"compare", kConfig, kCompareOptions, "simulate all combinations of the axes and print the comparison",
     "splinter compare configs/experiments/first-light.toml --set flush.strategy=none,per-page,batched,freetype",
     execute_compare},
    {"diff", kTwoResults, kDiffOptions,
     "compare two folders of `sweep --out`, or files of --json: ratios B/A, their intervals where several seeds ran; exit 1 if "
     "a --fail-if holds",
     "splinter diff results-before results-after --fail-if 'cycles_per_page>1.05'", execute_diff},
    {"sensitivity", kConfig, kSensitivityOptions,
     "move each uncertain parameter to both ends of its range: which ones matter, and does the order of the strategies depend "
     "on any? Axes of the file but flush.strategy are narrowed to their middle value, those of --set are not",
     "splinter sensitivity configs/experiments/first-light.toml --keep moves", execute_sensitivity},
    {"report", kResults, kReportOptions,
     "write one page that shows results (a folder of sweep, or a file of run, compare or sweep --json): the answer, charts, "
     "ledgers, flame "
     "graphs, the direct map, free lists, every parameter with its source; it opens offline",
     "splinter report results -o report.html --csv report.csv --jsonl report.jsonl", execute_report},
    {"replay", kTrace, kReplayOptions,
     "replay a real kernel's allocation trace. DIR: with snapshots; exit 0 if its free pages, or with --level all its blocks "
     "and "
     "lists, are reproduced. FILE: kmem events as text of ftrace, perf script or trace-cmd report; exit 0 if every allocation "
     "was "
     "served",
     "splinter replay tests/data/traces/secret512-k61 --level pcp", execute_replay},
    {"list", {}, kListOptions, "list strategies, workloads, platforms and metrics", "splinter list", execute_list},
    {"conform", kRecords, kSetOnly,
     "run recorded page walks and TLB scenarios (FILE) and kernel allocation traces (DIR, both levels) on the model; exit 0 if "
     "all agree. --set platform.model=NAME: on whose TLBs; --verbose: list all disputed vectors",
     "splinter conform tests/data/walker/vectors.txt.xz tests/data/walker/scenarios.jsonl.xz", execute_conform},
    {"validate", kOneFile, kValidateOptions,
     "simulate published measurements (validation/*.toml of the configs, or FILE) and print each beside its simulated value; "
     "exit 1 if a row misses its tolerance. --set sets a parameter in all of them",
     "splinter validate", execute_validate},
    {"walk", kAddress, kWalkCommandOptions,
     "explain one page walk level by level: entries, checks with their SDM sections, cycles",
     "splinter walk 0x7f1234567890 --access user-write --cr3 0x1000 --word 0x17f0:0x2067 --word 0x2240:0x3067 "
     "--word 0x3d10:0x40000e7",
     execute_walk},
    {"config check", kFile, kCheckOptions, "check an experiment and all its points, simulate nothing",
     "splinter config check configs/experiments/smoke.toml", execute_config_check},
    {"config explain", kConfig, kExplainOptions,
     "print every parameter with its value, where it was set, how sure its number is (H, M, L, MEM, assumed) and its source",
     "splinter config explain configs/experiments/first-light.toml --only flush.strategy=freetype", execute_config_explain},
    {"config reference",
     {},
     {},
     "print every parameter with its default: the source of configs/README.md",
     "splinter config reference",
     execute_config_reference},
};

}  // namespace

std::span<const Command> commands() { return kCommands; }

}  // namespace splinter::platforms
