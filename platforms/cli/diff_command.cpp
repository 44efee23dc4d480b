// splinter diff A B: two folders or files of results, and whether B is worse than CI allows.
#include <algorithm>

#include <spdlog/logger.h>

#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/diff_report.h"
#include "platforms/report/point_labels.h"
#include "platforms/results/result_folder.h"

namespace splinter::platforms {

namespace {

ComparedSide side_of(const std::string& path, const std::vector<PointResult>& points) {
    return {path, points.front().result.program_version, points.size()};
}

}  // namespace

int execute_diff(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    std::vector<FailCondition> conditions;
    for (const std::string& text : arguments.fail_if) conditions.push_back(parse_fail_condition(text));
    if (arguments.json) check_writable(*arguments.json);
    const std::vector<PointResult> a = read_results(arguments.positional[0]);
    const std::vector<PointResult> b = read_results(arguments.positional[1]);
    DiffReport report{
        side_of(arguments.positional[0], a), side_of(arguments.positional[1], b), diff_results(a, b), requested_columns(a), {}};
    for (const FailCondition& condition : conditions) report.conditions.push_back(check_condition(condition, report.diff));
    if (arguments.json) write_file_atomically(*arguments.json, diff_json(report));
    print(diff_text(report));
    const bool fails = std::ranges::any_of(report.conditions, &ConditionOutcome::fails);
    return fails ? kExitDisagreement : kExitOk;
}

}  // namespace splinter::platforms
