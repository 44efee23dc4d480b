#include <nlohmann/json.hpp>

#include "platforms/report/diff_report.h"

namespace splinter::platforms {

namespace {

using nlohmann::ordered_json;

ordered_json key_json(const PointKey& key) {
    ordered_json out = ordered_json::object();
    for (const AxisValue& axis : key) out[axis.key] = axis.value;
    return out;
}

ordered_json keys_json(const std::vector<PointKey>& keys) {
    ordered_json out = ordered_json::array();
    for (const PointKey& key : keys) out.push_back(key_json(key));
    return out;
}

ordered_json estimate_json(const MeanEstimate& estimate) {
    return {{"mean", estimate.mean},
            {"ci95", estimate.half_width ? ordered_json(*estimate.half_width) : ordered_json()},
            {"replicas", estimate.count}};
}

ordered_json change_json(const FigureChange& change) {
    const bool bounded = change.ratio && change.ratio->bounds;
    return {{"point", key_json(change.point)},
            {"workload", change.figure.workload},
            {"phase", change.figure.phase},
            {"figure", change.figure.metric},
            {"a", estimate_json(change.a)},
            {"b", estimate_json(change.b)},
            {"ratio", change.ratio ? ordered_json(change.ratio->value) : ordered_json()},
            {"low", bounded ? ordered_json(change.ratio->bounds->low) : ordered_json()},
            {"high", bounded ? ordered_json(change.ratio->bounds->high) : ordered_json()},
            {"noise", verdict_text(change.verdict)}};
}

ordered_json side_json(const ComparedSide& side, const std::vector<std::string>& seeds) {
    return {{"path", side.path}, {"program_version", side.program_version}, {"points", side.points}, {"seeds", seeds}};
}

}  // namespace

std::string diff_json(const DiffReport& report) {
    const ResultDiff& diff = report.diff;
    ordered_json config = ordered_json::array();
    for (const ConfigChange& change : diff.config)
        config.push_back({{"key", change.key}, {"a", change.a}, {"b", change.b}, {"points", change.points}});
    ordered_json conditions = ordered_json::array();
    for (const ConditionOutcome& outcome : report.conditions) {
        ordered_json met = ordered_json::array();
        for (const FigureChange* change : outcome.met) met.push_back(change_json(*change));
        conditions.push_back({{"condition", outcome.condition.text},
                              {"looked_at", outcome.looked_at},
                              {"met", met},
                              {"within_noise", outcome.within_noise.size()},
                              {"without_ratio", outcome.without_ratio}});
    }
    ordered_json figures = ordered_json::array();
    for (const FigureChange& change : diff.figures) figures.push_back(change_json(change));
    ordered_json out = ordered_json::object();
    out["schema"] = kResultSchema;
    out["a"] = side_json(report.a, diff.seeds_a);
    out["b"] = side_json(report.b, diff.seeds_b);
    out["points"] = diff.points;
    out["only_a"] = keys_json(diff.only_a);
    out["only_b"] = keys_json(diff.only_b);
    out["config"] = config;
    out["conditions"] = conditions;
    out["figures"] = figures;
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
