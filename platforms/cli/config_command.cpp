// splinter config check FILE, splinter config explain CONFIG, splinter config reference.
#include <fmt/format.h>

#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/config/experiment.h"
#include "platforms/config/point_filter.h"
#include "platforms/config/reference.h"
#include "platforms/report/parameter_report.h"
#include "platforms/run/check_point.h"

namespace splinter::platforms {

int execute_config_check(const Invocation& invocation) {
    const std::string& file = invocation.arguments.positional[0];
    const Experiment experiment = Experiment::load(file, invocation.arguments.sets);
    const std::vector<PointKey> points = experiment.points();
    for (const PointKey& key : points) check_point(experiment.resolve(key));
    std::string out = fmt::format("{}: ok, {} point{}\n", file, points.size(), points.size() == 1 ? "" : "s");
    for (const Axis& axis : experiment.axes()) out += fmt::format("  {} = {}\n", axis.key, fmt::join(axis.values, ", "));
    print(out);
    return kExitOk;
}

int execute_config_explain(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const Experiment experiment = Experiment::load(arguments.positional[0], arguments.sets);
    std::vector<std::vector<ConfigEntry>> configs;
    for (const PointKey& key : filtered_points(experiment, arguments.only)) {
        const ResolvedPoint point = experiment.resolve(key);
        check_point(point);
        configs.push_back(point.entries);
    }
    print(parameter_report(configs));
    return kExitOk;
}

int execute_config_reference(const Invocation&) {
    print(parameter_reference(RunConfig{}));
    return kExitOk;
}

}  // namespace splinter::platforms
