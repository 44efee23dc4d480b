#include "platforms/report/jsonl_report.h"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platforms/report/point_labels.h"

namespace splinter::platforms {

namespace {

using nlohmann::ordered_json;

ordered_json value_of(const std::string& text) {
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && stop == text.data() + text.size()) return number;
    return text;
}

}  // namespace

std::string jsonl_report(const std::vector<PointResult>& points) {
    const PointLabels labels = point_labels(points);
    std::string out;
    for (std::size_t row = 0; row < points.size(); ++row) {
        ordered_json point = ordered_json::object();
        for (std::size_t i = 0; i < labels.keys.size(); ++i) point[labels.keys[i]] = value_of(labels.rows[row][i]);
        for (const WorkloadResult& workload : points[row].result.workloads)
            for (const Phase& phase : workload.phases) {
                ordered_json line = ordered_json::object();
                line["point"] = point;
                line["workload"] = workload.workload;
                line["phase"] = phase.name;
                line["metrics"] = ordered_json(phase.metrics);
                line["end_cycles"] = workload.end_cycles;
                line["state_hash"] = fmt::format("{:#018x}", workload.state_hash);
                out += line.dump() + "\n";
            }
    }
    return out;
}

}  // namespace splinter::platforms
