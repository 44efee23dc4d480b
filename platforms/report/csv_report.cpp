#include "platforms/report/csv_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "platforms/report/point_labels.h"
#include "platforms/run/metrics.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

namespace {

// RFC 4180: a field with a separator, quote or line break is quoted, quotes doubled.
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

std::string line(std::vector<std::string> cells) {
    for (std::string& cell : cells) cell = field(cell);
    return fmt::format("{}\n", fmt::join(cells, ","));
}

// All metrics, then what else the experiment asks for.
std::vector<std::string> figures_of(const std::vector<PointResult>& points) {
    std::vector<std::string> figures;
    for (const MetricInfo& metric : metrics()) figures.emplace_back(metric.id);
    for (const std::string& name : requested_columns(points))
        if (std::find(figures.begin(), figures.end(), name) == figures.end()) figures.push_back(name);
    return figures;
}

std::string heading_line(const PointLabels& labels, const std::vector<std::string>& figures, bool several) {
    std::vector<std::string> heading = labels.keys;
    heading.insert(heading.end(), {"workload", "phase"});
    if (several) heading.emplace_back("replicas");
    for (const std::string& figure : figures) {
        heading.push_back(figure);
        if (several) heading.push_back(figure + "_ci95");
    }
    if (!several) heading.insert(heading.end(), {"end_cycles", "state_hash"});
    return line(std::move(heading));
}

}  // namespace

std::string csv_report(const std::vector<PointResult>& all_points) {
    const std::vector<ReplicatedPoint> replicated = fold_replicas(all_points);
    const std::vector<PointResult> points = means_of(replicated);
    const bool several = has_replicas(replicated);
    const std::vector<std::string> figures = figures_of(points);
    const PointLabels labels = point_labels(points);
    std::string out = heading_line(labels, figures, several);
    for (std::size_t row = 0; row < points.size(); ++row)
        for (const WorkloadResult& workload : points[row].result.workloads)
            for (const Phase& phase : workload.phases) {
                std::vector<std::string> cells = labels.rows[row];
                cells.insert(cells.end(), {workload.workload, phase.name});
                if (several) cells.push_back(std::to_string(replicated[row].seeds.size()));
                for (const std::string& figure : figures) {
                    const auto value = replicated[row].estimate({workload.workload, phase.name, figure});
                    cells.push_back(value ? fmt::format("{}", value->mean) : "");
                    if (several) cells.push_back(value && value->half_width ? fmt::format("{}", *value->half_width) : "");
                }
                if (!several)
                    cells.insert(cells.end(),
                                 {std::to_string(workload.end_cycles), fmt::format("{:#018x}", workload.state_hash)});
                out += line(std::move(cells));
            }
    return out;
}

}  // namespace splinter::platforms
