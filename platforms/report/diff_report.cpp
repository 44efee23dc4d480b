#include "platforms/report/diff_report.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "platforms/report/numbers.h"
#include "platforms/report/point_labels.h"
#include "platforms/report/text_table.h"
#include "platforms/run/metrics.h"

namespace splinter::platforms {

namespace {

std::string side_line(const char* name, const ComparedSide& side, const std::vector<std::string>& seeds) {
    return fmt::format("{}: {} (splinter {}, {} point{}, seed{} {})\n", name, side.path, side.program_version, side.points,
                       side.points == 1 ? "" : "s", seeds.size() == 1 ? "" : "s", fmt::join(seeds, ", "));
}

// Figures that the tables of `compare` have, and those of the conditions.
bool is_shown(const DiffReport& report, const std::string& metric) {
    for (const ConditionOutcome& outcome : report.conditions)
        if (outcome.condition.figure == metric) return true;
    if (!report.columns.empty()) return std::ranges::find(report.columns, metric) != report.columns.end();
    const auto row = std::ranges::find(metrics(), std::string_view{metric}, &MetricInfo::id);
    return row != metrics().end() && row->column != Column::on_request;
}

std::string counts_line(const std::string& what, const std::array<std::size_t, 4>& counts) {
    std::string out = fmt::format("{}: {} equal", what, counts[static_cast<std::size_t>(RatioVerdict::equal)]);
    for (const RatioVerdict verdict : {RatioVerdict::within_noise, RatioVerdict::outside_noise, RatioVerdict::unknown})
        if (const std::size_t count = counts[static_cast<std::size_t>(verdict)]; count > 0)
            out += verdict == RatioVerdict::unknown ? fmt::format(", {} differ, noise unknown", count)
                                                    : fmt::format(", {} {}", count, verdict_text(verdict));
    return out + "\n";
}

std::string figures_summary(const DiffReport& report) {
    std::array<std::size_t, 4> shown{};
    std::array<std::size_t, 4> others{};
    for (const FigureChange& change : report.diff.figures)
        ++(is_shown(report, change.figure.metric) ? shown : others)[static_cast<std::size_t>(change.verdict)];
    std::string out = counts_line("figures of the table", shown) + counts_line("other figures (--json has them)", others);
    const std::size_t only_a = report.diff.figures_only_a.size();
    if (only_a + report.diff.figures_only_b > 0)
        out += fmt::format("figures of one side only: {} of A, {} of B\n", only_a, report.diff.figures_only_b);
    if (shown[static_cast<std::size_t>(RatioVerdict::unknown)] + others[static_cast<std::size_t>(RatioVerdict::unknown)] > 0)
        out += "noise unknown: one seed on a side; an interval needs several (platform.seed on [axes])\n";
    return out;
}

std::string or_none(const std::string& text) { return text.empty() ? "(none)" : text; }

std::string config_summary(const ResultDiff& diff) {
    if (diff.points == 0) return "";
    if (diff.config.empty()) return "configs: the same\n";
    std::string out = "configs differ:\n";
    for (const ConfigChange& change : diff.config)
        out += fmt::format("  {}: {} -> {}{}\n", change.key, or_none(change.a), or_none(change.b),
                           change.points == diff.points ? "" : fmt::format(" ({} of {} points)", change.points, diff.points));
    return out;
}

std::string points_list(const char* what, const std::vector<PointKey>& points) {
    if (points.empty()) return "";
    std::string out = fmt::format("{}: {} point{}\n", what, points.size(), points.size() == 1 ? "" : "s");
    for (const PointKey& key : points) out += fmt::format("  {}\n", point_name(key));
    return out;
}

// The change that is furthest past the threshold.
const FigureChange& worst_of(const ConditionOutcome& outcome) {
    const auto distance = [&](const FigureChange* change) {
        const double ratio = change->ratio ? change->ratio->value : change->a.mean == 0 ? 1e300 : 0;
        return outcome.condition.sense == FailCondition::Sense::above ? ratio : -ratio;
    };
    return **std::ranges::max_element(outcome.met, {}, distance);
}

std::string ratio_text(const FigureChange& change) {
    if (!change.ratio) return change.a.mean == 0 && change.b.mean > 0 ? "from 0" : "-";
    const double ratio = change.ratio->value;
    return ratio > 0.9 && ratio < 1.1 ? fmt::format("{:.4f}", ratio) : human_number(ratio);
}

std::string condition_line(const ConditionOutcome& outcome) {
    std::string out = fmt::format("--fail-if '{}': ", outcome.condition.text);
    if (outcome.met.empty()) {
        out += fmt::format("not met in {} place{}", outcome.looked_at, outcome.looked_at == 1 ? "" : "s");
    } else {
        const FigureChange& worst = worst_of(outcome);
        out += fmt::format("MET in {} of {}, furthest {} in {}, {} {}", outcome.met.size(), outcome.looked_at,
                           ratio_text(worst), point_name(worst.point), worst.figure.workload, worst.figure.phase);
    }
    if (!outcome.within_noise.empty()) out += fmt::format("; {} past it within noise", outcome.within_noise.size());
    if (outcome.lost > 0)
        out += fmt::format("; NOT COMPARED in {}: A has {}, B does not", outcome.lost, outcome.lost == 1 ? "it" : "them");
    if (outcome.without_ratio > 0) out += fmt::format("; {} without a ratio (not positive)", outcome.without_ratio);
    return out + "\n";
}

std::string value_text(const MeanEstimate& estimate) {
    return human_number(estimate.mean) + (estimate.half_width ? " +-" + human_number(*estimate.half_width) : "");
}

std::string interval_text(const FigureChange& change) {
    if (!change.ratio || !change.ratio->bounds) return change.a.half_width && change.b.half_width ? "-" : "unknown";
    return fmt::format("{:.4g} to {:.4g}", change.ratio->bounds->low, change.ratio->bounds->high);
}

std::string changes_table(const DiffReport& report) {
    TextTable table;
    for (const char* heading : {"point", "workload", "phase", "figure"}) table.add_column(heading, Align::left);
    for (const char* heading : {"A", "B", "B/A", "95 % interval"}) table.add_column(heading, Align::right);
    table.add_column("noise", Align::left);
    bool any = false;
    for (const FigureChange& change : report.diff.figures) {
        if (change.verdict == RatioVerdict::equal || !is_shown(report, change.figure.metric)) continue;
        table.add_row({point_name(change.point), change.figure.workload, change.figure.phase, change.figure.metric,
                       value_text(change.a), value_text(change.b), ratio_text(change), interval_text(change),
                       verdict_text(change.verdict)});
        any = true;
    }
    return any ? "\n" + table.render() : "";
}

}  // namespace

std::string diff_text(const DiffReport& report) {
    const ResultDiff& diff = report.diff;
    std::string out = side_line("A", report.a, diff.seeds_a) + side_line("B", report.b, diff.seeds_b);
    out += fmt::format("compared: {} point{}{}\n", diff.points, diff.points == 1 ? "" : "s",
                       diff.seeds_a.size() + diff.seeds_b.size() > 2 ? ", seeds folded" : "");
    if (diff.points > 0) out += figures_summary(report);
    out += config_summary(diff) + points_list("only in A", diff.only_a) + points_list("only in B", diff.only_b) +
           points_list("in B without some of A's seeds", diff.fewer_seeds_b);
    for (const ConditionOutcome& outcome : report.conditions) out += condition_line(outcome);
    return out + changes_table(report);
}

}  // namespace splinter::platforms
