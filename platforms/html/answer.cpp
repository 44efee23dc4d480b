#include "platforms/html/answer.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "platforms/html/metric_heading.h"
#include "platforms/report/comparison_table.h"
#include "platforms/report/numbers.h"
#include "platforms/report/result_lookup.h"
#include "platforms/run/metrics.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kCost = "cycles_per_page";
constexpr std::string_view kBaseline = "none";

struct Entry {
    std::string series;
    MeanEstimate value;
    bool is_protected;
};
// Of one value of the swept axis, lowest first.
struct Stage {
    std::string swept;
    std::vector<Entry> entries;
};
struct Group {
    std::string others;  // "memory 64GiB, ..."
    std::vector<Stage> stages;
};

bool protects(const RunResult& result, const std::string& workload) {
    const WorkloadResult* found = find_workload(result, workload);
    if (found == nullptr) return true;
    const auto fact = found->facts.find("protection");
    return fact == found->facts.end() || fact->second != "not protected";
}

template <class List, class Matches>
auto& find_or_add(List& list, Matches&& matches, typename List::value_type fresh) {
    const auto found = std::find_if(list.begin(), list.end(), matches);
    return found != list.end() ? *found : list.emplace_back(std::move(fresh));
}

std::vector<Group> groups_of(const std::vector<ReplicatedPoint>& points, const PointLabels& labels, const PageAxes& axes,
                             const FigureId& figure) {
    std::vector<Group> groups;
    for (std::size_t row = 0; row < points.size(); ++row) {
        const std::optional<MeanEstimate> value = points[row].estimate(figure);
        if (!value) continue;
        std::string others;
        for (std::size_t i = 0; i < axes.axes.size(); ++i)
            if (i != axes.series && i != axes.swept && axes.axes[i].values.size() > 1)
                others += fmt::format("{}{} {}", others.empty() ? "" : ", ", axes.axes[i].heading, labels.rows[row][i]);
        const auto label = [&](std::optional<std::size_t> axis) { return axis ? labels.rows[row][*axis] : std::string{}; };
        Group& group = find_or_add(
            groups, [&](const Group& known) { return known.others == others; }, Group{others, {}});
        const std::string swept = label(axes.swept);
        Stage& stage = find_or_add(
            group.stages, [&](const Stage& known) { return known.swept == swept; }, Stage{swept, {}});
        stage.entries.push_back({label(axes.series), *value, protects(points[row].mean.result, figure.workload)});
    }
    for (Group& group : groups)
        for (Stage& stage : group.stages)
            std::stable_sort(stage.entries.begin(), stage.entries.end(),
                             [](const Entry& a, const Entry& b) { return a.value.mean < b.value.mean; });
    return groups;
}

bool overlap(const MeanEstimate& a, const MeanEstimate& b) {
    if (!a.half_width || !b.half_width) return a.mean == b.mean;
    return std::abs(a.mean - b.mean) <= *a.half_width + *b.half_width;
}

// The series that other stages have.
std::vector<std::string> lacking_in(const Stage& stage, const Group& group) {
    std::vector<std::string> lacking;
    for (const Stage& other : group.stages)
        for (const Entry& entry : other.entries)
            if (std::ranges::find(stage.entries, entry.series, &Entry::series) == stage.entries.end() &&
                std::ranges::find(lacking, entry.series) == lacking.end())
                lacking.push_back(entry.series);
    return lacking;
}

std::string order_text(const Stage& stage) {
    std::string out;
    for (std::size_t i = 0; i < stage.entries.size(); ++i) {
        const bool tie = i > 0 && overlap(stage.entries[i - 1].value, stage.entries[i].value);
        out += fmt::format("{}{}", i == 0 ? "" : tie ? " ≈ " : " < ", stage.entries[i].series);
    }
    return out;
}

class Writer {
  public:
    Writer(const MetricInfo& metric, const PageAxes& axes) : metric_{metric}, axes_{axes} {}

    [[nodiscard]] std::string sentence(const Group& group) const {
        const Stage& last = group.stages.back();
        if (last.entries.size() < 2) return course(group);
        return best(last) + " " + order(group);
    }

  private:
    [[nodiscard]] bool is_cost() const { return metric_.unit.find("cycles") != std::string_view::npos; }
    [[nodiscard]] std::string amount(const MeanEstimate& value) const {
        const auto text = [&](double number) { return metric_.unit == "bytes" ? human_bytes(number) : human_number(number); };
        const std::string spread = value.half_width ? " ± " + text(*value.half_width) : "";
        return text(value.mean) + spread + (metric_.unit == "bytes" ? "" : " " + std::string{metric_.unit});
    }
    [[nodiscard]] std::string place(const Stage& stage) const {
        if (!axes_.swept) return "";
        const PageAxis& axis = axes_.axes[*axes_.swept];
        return axis.key == kCoresKey ? fmt::format(" on {} cores", stage.swept)
                                     : fmt::format(" at {} {}", axis.heading, stage.swept);
    }
    [[nodiscard]] static std::string ratio(const Entry& entry, const Entry& base) {
        return entry.value.mean > 0 && base.value.mean > 0
                   ? fmt::format("{} times", human_ratio(Ratio{entry.value.mean / base.value.mean, std::nullopt}))
                   : std::string{};
    }

    // Of the entries that protect, or of all where the figure is no cost of protection.
    [[nodiscard]] std::string best(const Stage& stage) const {
        const auto is_base = [](const Entry& entry) { return entry.series == kBaseline && !entry.is_protected; };
        const auto base = std::find_if(stage.entries.begin(), stage.entries.end(), is_base);
        const bool with_base = base != stage.entries.end() && is_cost();
        std::vector<const Entry*> rivals;
        for (const Entry& entry : stage.entries)
            if (!with_base || entry.is_protected) rivals.push_back(&entry);
        if (rivals.empty()) return "";
        const Entry& winner = *rivals.front();
        std::string out = fmt::format("{}{} is {}: {}", winner.series, place(stage),
                                      with_base   ? "the cheapest way that protects"
                                      : is_cost() ? "the cheapest"
                                                  : "the lowest in " + metric_heading(metric_),
                                      amount(winner.value));
        const Entry& against = with_base ? *base : winner;
        if (with_base) {
            const std::string times = ratio(winner, *base);
            out += fmt::format("{}{}", times.empty() ? "" : ", " + times + " that of none", ", which protects nothing");
            if (times.empty()) out += fmt::format(" ({})", amount(base->value));
        }
        std::vector<std::string> rest;
        for (std::size_t i = 1; i < rivals.size(); ++i) {
            const std::string times = ratio(*rivals[i], against);
            rest.push_back(fmt::format("{} {}", rivals[i]->series, times.empty() ? amount(rivals[i]->value) : times));
        }
        if (!rest.empty()) out += fmt::format("; {}", fmt::join(rest, ", "));
        out += ".";
        if (rivals.size() > 1 && overlap(winner.value, rivals[1]->value))
            out += fmt::format(" {} cannot be told from it{}.", rivals[1]->series,
                               winner.value.half_width ? ": the 95 % intervals overlap" : ": they are equal");
        return out;
    }

    [[nodiscard]] std::string order(const Group& group) const {
        const std::string what = fmt::format("In {}", metric_heading(metric_));
        if (group.stages.size() < 2) return fmt::format("{}: {}.", what, order_text(group.stages.front()));
        std::vector<std::string> changes;
        std::vector<std::string> values;
        std::string previous;
        for (const Stage& stage : group.stages) {
            if (!lacking_in(stage, group).empty()) continue;
            const std::string text = order_text(stage);
            if (text != previous) changes.push_back(text + place(stage));
            previous = text;
            values.push_back(stage.swept);
        }
        if (changes.size() > 1)
            return fmt::format("{} the order changes: {}.", what, fmt::join(changes, "; then ")) + gaps(group);
        if (values.empty())
            return fmt::format("{} no {} has all results.", what, axes_.axes[*axes_.swept].heading) + gaps(group);
        return fmt::format("{} the order is the same for {} {}: {}.", what, axes_.axes[*axes_.swept].heading,
                           fmt::join(values, ", "), previous) +
               gaps(group);
    }

    // Which results others have and these lack: failed, or not simulated yet. Nothing is said about the order there.
    [[nodiscard]] std::string gaps(const Group& group) const {
        std::vector<std::string> parts;
        for (const Stage& stage : group.stages)
            for (const std::string& series : lacking_in(stage, group)) parts.push_back(series + place(stage));
        return parts.empty() ? "" : fmt::format(" There is no result of {}.", fmt::join(parts, ", "));
    }

    // Of one series along the swept axis.
    [[nodiscard]] std::string course(const Group& group) const {
        std::vector<std::string> parts;
        for (const Stage& stage : group.stages)
            for (const Entry& entry : stage.entries) parts.push_back(fmt::format("{}{}", amount(entry.value), place(stage)));
        return fmt::format("{}: {}.", metric_heading(metric_), fmt::join(parts, ", "));
    }

    const MetricInfo& metric_;
    const PageAxes& axes_;
};

bool measured(const std::vector<PointResult>& points, std::string_view metric) {
    for (const PointResult& point : points)
        for (const WorkloadResult& workload : point.result.workloads)
            for (const Phase& phase : workload.phases)
                if (find_metric(phase, metric)) return true;
    return false;
}

}  // namespace

std::string answering_metric(const std::vector<PointResult>& points) {
    std::vector<std::string> candidates = requested_columns(points);
    if (candidates.empty())
        for (const MetricInfo& metric : metrics())
            if (metric.column != Column::on_request) candidates.emplace_back(metric.id);
    const auto is_cost = [](const std::string& name) {
        return name == kCost || column_info(name).unit.find("cycles") != std::string_view::npos;
    };
    std::stable_partition(candidates.begin(), candidates.end(), is_cost);
    std::stable_partition(candidates.begin(), candidates.end(), [](const std::string& name) { return name == kCost; });
    for (const std::string& name : candidates)
        if (measured(points, name)) return name;
    return "";
}

std::vector<AnswerPart> answer(const std::vector<ReplicatedPoint>& points) {
    const std::vector<PointResult> means = means_of(points);
    const std::string metric = answering_metric(means);
    std::vector<AnswerPart> out;
    if (metric.empty()) return out;
    const PointLabels labels = point_labels(means);
    const PageAxes axes = page_axes(labels);
    const MetricInfo info = column_info(metric);
    for (const std::string& workload : workload_names(means)) {
        std::vector<std::string> phases = phase_names(means, workload);
        std::stable_partition(phases.begin(), phases.end(), [](const std::string& phase) { return phase == "steady"; });
        for (const std::string& phase : phases)
            for (const Group& group : groups_of(points, labels, axes, {workload, phase, metric}))
                out.push_back({section_title(workload, phase) + (group.others.empty() ? "" : ", " + group.others),
                               Writer{info, axes}.sentence(group)});
    }
    return out;
}

}  // namespace splinter::platforms
