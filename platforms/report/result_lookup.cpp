#include "platforms/report/result_lookup.h"

#include <algorithm>

namespace splinter::platforms {

namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

const WorkloadResult* find_workload(const RunResult& result, std::string_view workload) {
    for (const WorkloadResult& candidate : result.workloads)
        if (candidate.workload == workload) return &candidate;
    return nullptr;
}

const Phase* find_phase(const RunResult& result, std::string_view workload, std::string_view phase) {
    const WorkloadResult* found = find_workload(result, workload);
    if (found == nullptr) return nullptr;
    for (const Phase& candidate : found->phases)
        if (candidate.name == phase) return &candidate;
    return nullptr;
}

std::optional<double> find_metric(const Phase& phase, std::string_view metric) {
    const auto found = phase.metrics.find(std::string{metric});
    if (found == phase.metrics.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string> workload_names(const std::vector<PointResult>& points) {
    std::vector<std::string> names;
    for (const PointResult& point : points)
        for (const WorkloadResult& workload : point.result.workloads) add_once(names, workload.workload);
    return names;
}

std::vector<std::string> phase_names(const std::vector<PointResult>& points, std::string_view workload) {
    std::vector<std::string> names;
    for (const PointResult& point : points)
        if (const WorkloadResult* found = find_workload(point.result, workload))
            for (const Phase& phase : found->phases) add_once(names, phase.name);
    return names;
}

}  // namespace splinter::platforms
