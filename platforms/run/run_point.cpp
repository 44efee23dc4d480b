#include "platforms/run/run_point.h"

#include <algorithm>
#include <filesystem>

#include "platforms/run/check_point.h"
#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "platforms/run/trace_paths.h"

namespace splinter::platforms {
namespace {

WorkloadResult run_workload(const RunConfig& config, const std::string& name) {
    const auto workload = find_workload(name).make(config);
    Session session{config, *workload};
    session.run();
    return measure(name, *workload, session);
}

}  // namespace

RunResult run_point(const ResolvedPoint& point) {
    check_point(point);
    RunConfig config = point.config;
    config.workload.trace = resolved_trace(point);
    config.kernel.direct_map.layout = resolved_direct_map_layout(point);
    RunResult result;
    result.question = point.question;
    result.point = point.key;
    result.config = point.entries;
    for (const std::string& name : config.workload.run) {
        std::string text;
        with_places(point, [&] {
            text = run_in_child([&] {
                RunResult part;
                part.workloads.push_back(run_workload(config, name));
                return to_json(part);
            });
        });
        result.workloads.push_back(run_result_from_json(text, "simulation of " + name).workloads.front());
    }
    return result;
}

}  // namespace splinter::platforms
