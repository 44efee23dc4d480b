#include "platforms/report/statistics_report.h"

#include <algorithm>

#include <fmt/format.h>

#include "platforms/report/numbers.h"
#include "platforms/report/result_lookup.h"
#include "platforms/report/text_table.h"
#include "platforms/run/metrics.h"

namespace splinter::platforms {

namespace {

// Indices are thousandths, and mean something below 1.
std::string cell(const MetricInfo& metric, std::optional<double> value) {
    if (!value) return "-";
    if (metric.unit == "bytes") return human_bytes(*value);
    return metric.unit == "index" ? fmt::format("{:.3f}", *value) : human_number(*value);
}

std::string workload_table(const WorkloadResult& workload) {
    TextTable table;
    table.add_column(workload.workload + ", free memory", Align::left);
    for (const Phase& phase : workload.phases) table.add_column(phase.name, Align::right);
    bool any = false;
    for (const MetricInfo& metric : metrics()) {
        if (metric.column != Column::on_request) continue;
        std::vector<std::string> row{std::string{metric.heading}};
        bool measured = false;
        for (const Phase& phase : workload.phases) {
            const auto value = find_metric(phase, metric.id);
            measured = measured || value;
            row.push_back(cell(metric, value));
        }
        if (!measured) continue;
        table.add_row(std::move(row));
        any = true;
    }
    return any ? table.render() : "";
}

}  // namespace

std::string statistics_report(const RunResult& result) {
    std::string out;
    for (const WorkloadResult& workload : result.workloads) {
        const std::string table = workload_table(workload);
        if (!out.empty() && !table.empty()) out += "\n";
        out += table;
    }
    return out;
}

}  // namespace splinter::platforms
