#include "platforms/html/page_data.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platforms/html/metric_heading.h"
#include "platforms/html/page_axes.h"
#include "platforms/html/page_parameters.h"
#include "platforms/report/csv_report.h"
#include "platforms/report/jsonl_report.h"
#include "platforms/report/result_lookup.h"
#include "platforms/run/metrics.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

namespace {

using nlohmann::ordered_json;

// What has a chart and a column: the requested figures, or the usual ones.
std::vector<std::string> shown_columns(const std::vector<PointResult>& points) {
    std::vector<std::string> columns = requested_columns(points);
    if (columns.empty())
        for (const MetricInfo& metric : metrics())
            if (metric.column != Column::on_request) columns.emplace_back(metric.id);
    return columns;
}

ordered_json metric_list(const std::vector<std::string>& columns) {
    std::vector<std::string> names = columns;
    for (const char* extra : {"alloc_p50_cycles", "alloc_p99_cycles", "alloc_p999_cycles", "worst_call_cycles"})
        if (std::find(names.begin(), names.end(), extra) == names.end()) names.emplace_back(extra);
    ordered_json out = ordered_json::array();
    for (const std::string& name : names) {
        const MetricInfo metric = column_info(name);
        out.push_back(
            {{"id", metric.id}, {"heading", metric_heading(metric)}, {"unit", metric.unit}, {"definition", metric.definition}});
    }
    return out;
}

ordered_json row_list(const std::vector<ReplicatedPoint>& points, const ordered_json& shown) {
    ordered_json out = ordered_json::array();
    for (std::size_t i = 0; i < points.size(); ++i)
        for (const WorkloadResult& workload : points[i].mean.result.workloads)
            for (const Phase& phase : workload.phases) {
                ordered_json figures = ordered_json::object();
                for (const ordered_json& metric : shown) {
                    const std::string name = metric["id"];
                    const auto value = points[i].estimate({workload.workload, phase.name, name});
                    if (!value) continue;
                    figures[name] = {value->mean, value->half_width ? ordered_json(*value->half_width) : ordered_json(),
                                     value->count};
                }
                out.push_back(
                    {{"point", i}, {"workload", workload.workload}, {"phase", phase.name}, {"metrics", std::move(figures)}});
            }
    return out;
}

ordered_json free_list_data(const FreeListHistory& history) {
    ordered_json phases = ordered_json::array();
    for (const PhaseStart& phase : history.phases) phases.push_back({{"name", phase.name}, {"cycles", phase.cycles}});
    ordered_json samples = ordered_json::array();
    for (const FreeListSample& sample : history.samples) samples.push_back({sample.cycles, sample.blocks});
    return {{"types", history.types}, {"phases", phases}, {"samples", samples}};
}

ordered_json direct_map_data(const DirectMapPicture& picture) {
    ordered_json runs = ordered_json::array();
    for (const auto& [cells, cell] : picture.runs)
        runs.push_back({cells, cell.pages_4k, cell.pages_2m, cell.pages_1g, cell.unmapped, cell.keyed});
    return {{"cell_bytes", picture.cell_bytes}, {"runs", runs}};
}

ordered_json histogram_data(const std::vector<LatencyHistogram>& histograms) {
    ordered_json out = ordered_json::array();
    for (const LatencyHistogram& one : histograms) {
        ordered_json buckets = ordered_json::array();
        for (const Histogram::Bucket& bucket : one.histogram.buckets())
            buckets.push_back(
                {std::max(bucket.low, one.histogram.min()), std::min(bucket.high, one.histogram.max()), bucket.count});
        out.push_back({{"phase", one.phase}, {"figure", one.figure}, {"buckets", buckets}});
    }
    return out;
}

// Paths of accounts are long and repeat: they are written once.
class PathTable {
  public:
    std::size_t number_of(const std::string& path) {
        const auto [found, fresh] = numbers_.try_emplace(path, paths_.size());
        if (fresh) paths_.push_back(path);
        return found->second;
    }
    [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

  private:
    std::map<std::string, std::size_t> numbers_;
    std::vector<std::string> paths_;
};

ordered_json detail_of(std::size_t point, const WorkloadResult& workload, PathTable& paths) {
    ordered_json ledger = ordered_json::array();
    for (const LedgerLine& line : workload.ledger)
        if (line.cycles > 0)
            ledger.push_back({line.side == LedgerSide::initiator ? 0 : 1, paths.number_of(line.path), line.cycles});
    return {{"point", point},
            {"workload", workload.workload},
            {"facts", workload.facts},
            {"histograms", histogram_data(workload.histograms)},
            {"ledger", std::move(ledger)},
            {"free_lists", free_list_data(workload.free_lists)},
            {"direct_map", direct_map_data(workload.direct_map)}};
}

ordered_json axis_list(const PageAxes& axes) {
    ordered_json out = ordered_json::array();
    for (const PageAxis& axis : axes.axes)
        out.push_back({{"key", axis.key}, {"heading", axis.heading}, {"values", axis.values}});
    return out;
}

ordered_json number_or_null(std::optional<std::size_t> number) { return number ? ordered_json(*number) : ordered_json(); }

ordered_json parameter_list(const std::vector<PointResult>& points) {
    ordered_json out = ordered_json::array();
    for (const PageParameter& parameter : page_parameters(points))
        out.push_back({{"key", parameter.key},
                       {"values", parameter.values},
                       {"range", parameter.range},
                       {"confidence", parameter.confidence},
                       {"origin", parameter.origin},
                       {"source", parameter.source}});
    return out;
}

// Of each run, replicas apart.
ordered_json hash_list(const std::vector<PointResult>& points, const PointLabels& labels, bool with_seed) {
    ordered_json out = ordered_json::array();
    for (std::size_t row = 0; row < points.size(); ++row)
        for (const WorkloadResult& workload : points[row].result.workloads) {
            std::vector<std::string> cells = labels.rows[row];
            if (with_seed) cells.push_back(config_value(points[row].result, kSeedKey).value_or(""));
            out.push_back({{"labels", cells},
                           {"workload", workload.workload},
                           {"end_cycles", workload.end_cycles},
                           {"state_hash", fmt::format("{:#018x}", workload.state_hash)}});
        }
    return out;
}

// With two lists beside what the analysis says: where on this page's axes it was made, and which parameters it has at values
// that no point of this page has, so that it is another question's.
ordered_json sensitivity_data(const std::string& text, const std::vector<PointResult>& points, const PointLabels& labels) {
    ordered_json out = ordered_json::parse(text);
    ordered_json made_at = ordered_json::array();
    ordered_json foreign = ordered_json::array();
    for (const auto& [key, value] : out["config"].items()) {
        std::vector<std::string> here;
        for (const PointResult& point : points)
            if (const auto own = config_value(point.result, key); own && std::ranges::find(here, *own) == here.end())
                here.push_back(*own);
        const std::string there = value.get<std::string>();
        if (!here.empty() && std::ranges::find(here, there) == here.end())
            foreign.push_back(fmt::format("{} {} (here {})", key, there, fmt::join(here, ", ")));
        else if (std::ranges::find(labels.keys, key) != labels.keys.end())
            made_at.push_back(fmt::format("{} {}", key, there));
    }
    out["made_at"] = std::move(made_at);
    out["foreign"] = std::move(foreign);
    out.erase("config");
    return out;
}

}  // namespace

std::string page_data(const std::vector<PointResult>& points, const std::string& sensitivity, const std::string& file_stem) {
    const std::vector<ReplicatedPoint> replicated = fold_replicas(points);
    const std::vector<PointResult> means = means_of(replicated);
    const PointLabels labels = point_labels(means);
    const PageAxes axes = page_axes(labels);
    const std::vector<std::string> columns = shown_columns(means);
    ordered_json out = ordered_json::object();
    out["version"] = points.front().result.program_version;
    out["schema"] = points.front().result.schema;
    out["file_stem"] = file_stem;
    out["metrics"] = metric_list(columns);
    out["columns"] = columns;
    out["axes"] = axis_list(axes);
    out["series"] = number_or_null(axes.series);
    out["swept"] = number_or_null(axes.swept);
    out["points"] = ordered_json::array();
    for (std::size_t i = 0; i < replicated.size(); ++i)
        out["points"].push_back({{"labels", labels.rows[i]}, {"seeds", replicated[i].seeds}});
    out["rows"] = row_list(replicated, out["metrics"]);
    const std::size_t first = means.size() > kMostDetailedPoints ? means.size() - kMostDetailedPoints : 0;
    PathTable paths;
    ordered_json details = ordered_json::array();
    for (std::size_t i = first; i < means.size(); ++i)
        for (const WorkloadResult& workload : means[i].result.workloads) details.push_back(detail_of(i, workload, paths));
    out["details"] = std::move(details);
    if (first > 0)
        out["left_out"] = fmt::format(
            "Ledgers, distributions and pictures of {} of {} points are left out to keep the page small.", first, means.size());
    out["paths"] = paths.paths();
    out["sides"] = {"initiator", "victim"};
    out["histogram_error"] = fmt::format("Buckets are less than {:.2g} % wide.", 100 * Histogram::kRelativeError);
    out["parameters"] = parameter_list(points);
    const PointLabels run_labels = point_labels(points);
    const bool with_seed = std::find(run_labels.keys.begin(), run_labels.keys.end(), kSeedKey) == run_labels.keys.end();
    std::vector<std::string> hash_labels = run_labels.headings;
    if (with_seed) hash_labels.emplace_back("seed");
    out["hash_labels"] = hash_labels;
    out["hashes"] = hash_list(points, run_labels, with_seed);
    out["sensitivity"] = sensitivity.empty() ? ordered_json() : sensitivity_data(sensitivity, means, labels);
    out["csv"] = csv_report(points);
    out["jsonl"] = jsonl_report(points);
    return out.dump();
}

}  // namespace splinter::platforms
