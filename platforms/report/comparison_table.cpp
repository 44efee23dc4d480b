#include "platforms/report/comparison_table.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include <fmt/format.h>

#include "platforms/report/numbers.h"
#include "platforms/report/point_labels.h"
#include "platforms/report/result_lookup.h"
#include "platforms/report/text_table.h"
#include "platforms/run/metrics.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kRatioMetric = "cycles_per_page";
constexpr std::string_view kExposureMetric = "exposure_cycles_per_page";
constexpr const char* kProtectionFact = "protection";
constexpr std::string_view kBaseline = "none";

// The rows of one table with what they share.
struct Section {
    const std::vector<ReplicatedPoint>& replicated;  // of each row
    const std::vector<PointResult>& points;          // their means
    const PointLabels& labels;
    std::string workload, phase;
};

std::optional<double> figure(const Section& section, std::size_t row, std::string_view metric) {
    const Phase* phase = find_phase(section.points[row].result, section.workload, section.phase);
    return phase == nullptr ? std::nullopt : find_metric(*phase, metric);
}

std::string metric_cell(const Section& section, std::size_t row, const MetricInfo& metric) {
    const auto human = [&](double number) { return metric.unit == "bytes" ? human_bytes(number) : human_number(number); };
    const auto value = section.replicated[row].estimate({section.workload, section.phase, std::string{metric.id}});
    if (value) return human(value->mean) + (value->half_width ? " +-" + human(*value->half_width) : "");
    const WorkloadResult& workload = *find_workload(section.points[row].result, section.workload);
    const auto fact = workload.facts.find(kProtectionFact);
    return metric.id == kExposureMetric && fact != workload.facts.end() ? fact->second : "-";
}

// The strategy that ratios refer to; "" if no two rows differ in the strategy.
std::string reference_strategy(const PointLabels& labels) {
    const std::vector<std::string> strategies = labels.values_of(kStrategyKey);
    if (std::set<std::string>(strategies.begin(), strategies.end()).size() < 2) return "";
    const bool has_baseline = std::find(strategies.begin(), strategies.end(), kBaseline) != strategies.end();
    return has_baseline ? std::string{kBaseline} : strategies.front();
}

// The row of the reference strategy whose other labels are those of `row`; the number of rows if it was not run.
std::size_t reference_row(const PointLabels& labels, std::size_t row, const std::string& reference) {
    std::vector<std::string> wanted = labels.rows[row];
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (labels.keys[i] == kStrategyKey) wanted[i] = reference;
    return static_cast<std::size_t>(std::find(labels.rows.begin(), labels.rows.end(), wanted) - labels.rows.begin());
}

std::string ratio_cell(const Section& section, std::size_t row, const std::string& reference) {
    const std::size_t base_row = reference_row(section.labels, row, reference);
    if (base_row == section.points.size()) return "-";
    const FigureId id{section.workload, section.phase, std::string{kRatioMetric}};
    const auto own = section.replicated[row].figures.find(id);
    const auto base = section.replicated[base_row].figures.find(id);
    if (own == section.replicated[row].figures.end() || base == section.replicated[base_row].figures.end()) return "-";
    const std::optional<Ratio> ratio = ratio_of(base->second, own->second);
    return ratio ? human_ratio(*ratio) : "-";
}

bool measured(const Section& section, const MetricInfo& metric) {
    for (std::size_t row = 0; row < section.points.size(); ++row)
        if (figure(section, row, metric.id)) return true;
    return false;
}

// The metrics that get a column: the requested ones, or the usual ones. Where accesses are measured, nobody allocates, and most
// of them would be empty.
std::vector<MetricInfo> shown_metrics(const Section& section) {
    std::vector<MetricInfo> shown;
    for (const std::string& name : requested_columns(section.points)) shown.push_back(column_info(name));
    if (shown.empty())
        std::ranges::copy_if(metrics(), std::back_inserter(shown), [&](const MetricInfo& metric) {
            return metric.column == Column::always || (metric.column == Column::where_measured && measured(section, metric));
        });
    const bool without_empty = std::ranges::any_of(
        shown, [&](const MetricInfo& metric) { return metric.column == Column::where_measured && measured(section, metric); });
    if (without_empty) std::erase_if(shown, [&](const MetricInfo& metric) { return !measured(section, metric); });
    return shown;
}

TextTable empty_table(const PointLabels& labels, const std::vector<MetricInfo>& shown, const std::string& reference) {
    TextTable table;
    for (std::size_t i = 0; i < labels.keys.size(); ++i)
        table.add_column(labels.headings[i], labels.keys[i] == kCoresKey ? Align::right : Align::left);
    for (const MetricInfo& metric : shown) {
        std::string heading{metric.heading};
        std::replace(heading.begin(), heading.end(), '_', ' ');  // a kernel counter's name
        table.add_column(std::move(heading), Align::right);
        if (metric.id == kRatioMetric && !reference.empty()) table.add_column("vs " + reference, Align::right);
    }
    return table;
}

std::string section_table(const Section& section) {
    const std::string reference = reference_strategy(section.labels);
    const std::vector<MetricInfo> shown = shown_metrics(section);
    TextTable table = empty_table(section.labels, shown, reference);
    // A gap where the first label changes keeps the strategies of one core count together.
    const bool with_gaps = section.labels.keys.size() > 1 && !reference.empty();
    std::string group;
    for (std::size_t row = 0; row < section.points.size(); ++row) {
        if (find_phase(section.points[row].result, section.workload, section.phase) == nullptr) continue;
        std::vector<std::string> cells = section.labels.rows[row];
        if (with_gaps && !group.empty() && group != cells.front()) table.add_gap();
        if (with_gaps) group = cells.front();
        for (const MetricInfo& metric : shown) {
            cells.push_back(metric_cell(section, row, metric));
            if (metric.id == kRatioMetric && !reference.empty()) cells.push_back(ratio_cell(section, row, reference));
        }
        table.add_row(std::move(cells));
    }
    return table.render();
}

// "cores 64, 256" if one label tells the marked rows from the others, else their number.
std::string which_rows(const PointLabels& labels, const std::vector<bool>& marked) {
    for (std::size_t column = 0; column < labels.keys.size(); ++column) {
        std::vector<std::string> inside;
        std::set<std::string> outside;
        for (std::size_t row = 0; row < marked.size(); ++row) {
            const std::string& value = labels.rows[row][column];
            if (!marked[row])
                outside.insert(value);
            else if (std::find(inside.begin(), inside.end(), value) == inside.end())
                inside.push_back(value);
        }
        if (std::none_of(inside.begin(), inside.end(), [&](const std::string& value) { return outside.contains(value); }))
            return fmt::format("{} {}", labels.headings[column], fmt::join(inside, ", "));
    }
    return fmt::format("{} of {} rows", std::count(marked.begin(), marked.end(), true), marked.size());
}

// What the runs state in words, each fact once, with the rows it holds for unless it holds for all.
std::string notes(const std::vector<PointResult>& points, const PointLabels& labels, const std::string& workload) {
    std::map<std::pair<std::string, std::string>, std::vector<bool>> holders;
    for (std::size_t row = 0; row < points.size(); ++row) {
        const WorkloadResult* found = find_workload(points[row].result, workload);
        if (found == nullptr) continue;
        for (const auto& fact : found->facts)
            if (fact.first != kProtectionFact) holders.try_emplace(fact, points.size(), false).first->second[row] = true;
    }
    std::string out;
    for (const auto& [fact, marked] : holders) {
        const bool all = std::find(marked.begin(), marked.end(), false) == marked.end();
        out += fmt::format("{}: {}{}\n", fact.first, fact.second, all ? "" : " (" + which_rows(labels, marked) + ")");
    }
    return out;
}

// "every figure a mean over 3 seeds, +- its 95 % confidence interval (Student's t)"; "" without replicas.
std::string replicas_line(const std::vector<ReplicatedPoint>& points) {
    if (!has_replicas(points)) return "";
    std::vector<std::size_t> counts;
    for (const ReplicatedPoint& point : points) counts.push_back(point.seeds.size());
    const auto [low, high] = std::ranges::minmax(counts);
    return fmt::format("every figure is the mean over {} seeds, +- its 95 % confidence interval (Student's t)\n",
                       low == high ? std::to_string(high) : fmt::format("{} to {}", low, high));
}

// What all points share and a reader needs in order to place the figures.
std::string context_line(const std::vector<PointResult>& points) {
    std::string out = "splinter " + points.front().result.program_version;
    for (const std::string_view key : {"platform.model", "platform.memory"}) {
        const std::optional<std::string> value = config_value(points.front().result, key);
        const bool shared = std::all_of(points.begin(), points.end(),
                                        [&](const PointResult& point) { return config_value(point.result, key) == value; });
        if (value && shared) out += ", " + *value;
    }
    return out + "\n";
}

}  // namespace

std::string section_title(const std::string& workload, const std::string& phase) {
    if (phase == "population") return workload + ", population (first touch)";
    if (phase == "steady") return workload + ", steady state (reuse)";
    return phase == workload ? workload : workload + ", " + phase;
}

std::string comparison_table(const std::vector<PointResult>& all_points) {
    if (all_points.empty()) return "no results\n";
    const std::vector<ReplicatedPoint> replicated = fold_replicas(all_points);
    const std::vector<PointResult> points = means_of(replicated);
    const PointLabels labels = point_labels(points);
    std::string out = context_line(points) + replicas_line(replicated);
    for (const std::string& workload : workload_names(points)) {
        for (const std::string& phase : phase_names(points, workload))
            out += fmt::format("\n{}\n{}", section_title(workload, phase),
                               section_table({replicated, points, labels, workload, phase}));
        const std::string facts = notes(points, labels, workload);
        if (!facts.empty()) out += "\n" + facts;
    }
    return out;
}

}  // namespace splinter::platforms
