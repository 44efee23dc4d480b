#include "platforms/report/jsonl_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platforms/report/point_labels.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

std::string jsonl_report(const std::vector<PointResult>& points) {
    using nlohmann::ordered_json;
    const PointLabels labels = point_labels(points);
    std::string out;
    for (std::size_t row = 0; row < points.size(); ++row) {
        ordered_json point = ordered_json::object();
        for (std::size_t i = 0; i < labels.keys.size(); ++i) point[labels.keys[i]] = labels.rows[row][i];
        for (const WorkloadResult& workload : points[row].result.workloads)
            for (const Phase& phase : workload.phases) {
                ordered_json line = ordered_json::object();
                line["point"] = point;
                line["seed"] = config_value(points[row].result, kSeedKey).value_or("");
                line["workload"] = workload.workload;
                line["phase"] = phase.name;
                line["metrics"] = phase.metrics;
                line["end_cycles"] = workload.end_cycles;
                line["state_hash"] = fmt::format("{:#018x}", workload.state_hash);
                out += line.dump() + "\n";
            }
    }
    return out;
}

}  // namespace splinter::platforms
