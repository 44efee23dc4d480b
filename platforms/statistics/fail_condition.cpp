#include "platforms/statistics/fail_condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/suggest.h"
#include "platforms/run/metrics.h"

namespace splinter::platforms {

namespace {

constexpr std::string_view kForm = "FIGURE>RATIO or FIGURE<RATIO, e.g. --fail-if 'cycles_per_page>1.05'";

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

double parse_ratio(const std::string& text, const std::string& origin) {
    double ratio = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), ratio);
    if (error != std::errc{} || stop != text.data() + text.size() || !std::isfinite(ratio) || ratio <= 0)
        throw UserError(origin, fmt::format("found \"{}\", expected a positive ratio B/A: {}", text, kForm));
    return ratio;
}

// B/A, also where it is 0 or infinite.
std::optional<double> ratio_value(const FigureChange& change) {
    if (change.ratio) return change.ratio->value;
    if (change.a.mean == 0 && change.a.half_width.value_or(0) == 0 && change.b.mean > 0)
        return std::numeric_limits<double>::infinity();
    if (change.a.mean > 0 && change.b.mean == 0 && change.b.half_width.value_or(0) == 0) return 0;
    return std::nullopt;
}

}  // namespace

FailCondition parse_fail_condition(const std::string& text) {
    const std::string origin = "--fail-if " + text;
    const std::size_t sign = text.find_first_of("<>");
    if (sign == std::string::npos) throw UserError(origin, fmt::format("expected {}", kForm));
    FailCondition condition;
    condition.text = text;
    condition.figure = trimmed(text.substr(0, sign));
    condition.sense = text[sign] == '>' ? FailCondition::Sense::above : FailCondition::Sense::below;
    const std::vector<std::string> known = column_names();
    if (std::ranges::find(known, condition.figure) == known.end())
        throw UserError(origin, fmt::format("no figure has the name \"{}\"; `splinter list` prints them", condition.figure),
                        did_you_mean(condition.figure, known));
    condition.threshold = parse_ratio(trimmed(text.substr(sign + 1)), origin);
    return condition;
}

ConditionOutcome check_condition(const FailCondition& condition, const ResultDiff& diff) {
    ConditionOutcome outcome{condition, {}, {}, 0, 0, diff.only_a.size() + diff.fewer_seeds_b.size()};
    outcome.lost += static_cast<std::size_t>(std::ranges::count(diff.figures_only_a, condition.figure, &FigureId::metric));
    for (const FigureChange& change : diff.figures) {
        if (change.figure.metric != condition.figure) continue;
        ++outcome.looked_at;
        const std::optional<double> ratio = ratio_value(change);
        if (!ratio) {
            ++outcome.without_ratio;
            continue;
        }
        const bool past =
            condition.sense == FailCondition::Sense::above ? *ratio > condition.threshold : *ratio < condition.threshold;
        if (past) (change.verdict == RatioVerdict::within_noise ? outcome.within_noise : outcome.met).push_back(&change);
    }
    if (outcome.looked_at == 0) throw UserError("--fail-if " + condition.text, "no point that both sides have has this figure");
    if (outcome.without_ratio == outcome.looked_at)
        throw UserError("--fail-if " + condition.text, "the figure is nowhere positive on both sides, so that it has no ratio");
    return outcome;
}

}  // namespace splinter::platforms
