#include "platforms/statistics/result_diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace splinter::platforms {

namespace {

// The axes of both sides, A's first.
std::vector<std::string> axes_of(const std::vector<ReplicatedPoint>& a, const std::vector<ReplicatedPoint>& b) {
    std::vector<std::string> keys;
    for (const auto* side : {&a, &b})
        for (const ReplicatedPoint& point : *side)
            for (const AxisValue& axis : point.mean.key)
                if (axis.key != kSeedKey && std::ranges::find(keys, axis.key) == keys.end()) keys.push_back(axis.key);
    return keys;
}

// The resolved config has values in one form, whatever the experiment or the command line wrote.
PointKey identity_of(const PointResult& point, const std::vector<std::string>& axes) {
    PointKey identity;
    for (const std::string& key : axes) {
        const auto entry = std::ranges::find(point.result.config, key, &ConfigEntry::key);
        if (entry != point.result.config.end()) identity.push_back({key, entry->value});
    }
    return identity;
}

struct Pair {
    PointKey point;
    const ReplicatedPoint& a;
    const ReplicatedPoint& b;
};

std::set<std::string> seeds_of(const std::vector<ReplicatedPoint>& points) {
    std::set<std::string> seeds;
    for (const ReplicatedPoint& point : points) seeds.insert(point.seeds.begin(), point.seeds.end());
    return seeds;
}

// Some of the same seeds, but not all: replicas were lost. Quite other seeds are other replicas.
bool lacks_seeds_of(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const auto in_b = [&](const std::string& seed) { return std::ranges::find(b, seed) != b.end(); };
    return std::ranges::any_of(a, in_b) && !std::ranges::all_of(a, in_b);
}

RatioVerdict verdict_of(const SeedValues& a, const SeedValues& b, const std::optional<Ratio>& ratio) {
    const MeanEstimate apart = difference_of(a, b);
    const bool same =
        a.size() == b.size() && std::ranges::equal(a, b, {}, &SeedValues::value_type::second, &SeedValues::value_type::second);
    if (same) return RatioVerdict::equal;
    if (ratio && ratio->bounds)
        return ratio->bounds->low <= 1 && 1 <= ratio->bounds->high ? RatioVerdict::within_noise : RatioVerdict::outside_noise;
    if (!apart.half_width) return RatioVerdict::unknown;
    const bool contains_zero = -*apart.half_width <= apart.mean && apart.mean <= *apart.half_width;
    return contains_zero ? RatioVerdict::within_noise : RatioVerdict::outside_noise;
}

FigureChange compare(const PointKey& point, const FigureId& figure, const SeedValues& a, const SeedValues& b) {
    FigureChange change{point, figure, estimate_of(a), estimate_of(b), ratio_of(a, b), RatioVerdict::equal};
    change.verdict = verdict_of(a, b, change.ratio);
    if (!change.ratio && change.verdict == RatioVerdict::equal) change.ratio = Ratio{1, {}};
    return change;
}

// Phases in the order of A's results, the figures of each by name.
void compare_figures(const Pair& pair, ResultDiff& into) {
    for (const WorkloadResult& workload : pair.a.mean.result.workloads)
        for (const Phase& phase : workload.phases)
            for (const auto& [metric, unused] : phase.metrics) {
                const FigureId id{workload.workload, phase.name, metric};
                const auto other = pair.b.figures.find(id);
                if (other != pair.b.figures.end())
                    into.figures.push_back(compare(pair.point, id, pair.a.figures.at(id), other->second));
                else
                    into.figures_only_a.push_back(id);
            }
    into.figures_only_b += static_cast<std::size_t>(
        std::ranges::count_if(pair.b.figures, [&](const auto& figure) { return !pair.a.figures.contains(figure.first); }));
}

using ConfigChanges = std::map<std::pair<std::string, std::pair<std::string, std::string>>, std::size_t>;

// Axes by which the points were found differ only where there was one point on each side.
void compare_configs(const Pair& pair, ConfigChanges& into) {
    std::map<std::string, std::pair<std::string, std::string>> values;
    for (const ConfigEntry& entry : pair.a.mean.result.config) values[entry.key].first = entry.value;
    for (const ConfigEntry& entry : pair.b.mean.result.config) values[entry.key].second = entry.value;
    for (const auto& [key, both] : values)
        if (both.first != both.second) ++into[{key, both}];
}

}  // namespace

const char* verdict_text(RatioVerdict verdict) {
    switch (verdict) {
        case RatioVerdict::equal:
            return "equal";
        case RatioVerdict::within_noise:
            return "within noise";
        case RatioVerdict::outside_noise:
            return "outside noise";
        case RatioVerdict::unknown:
            break;
    }
    return "unknown";
}

ResultDiff diff_results(const std::vector<PointResult>& a, const std::vector<PointResult>& b) {
    const std::vector<ReplicatedPoint> of_a = fold_replicas(a);
    const std::vector<ReplicatedPoint> of_b = fold_replicas(b);
    const std::vector<std::string> axes = axes_of(of_a, of_b);
    const bool one_each = of_a.size() == 1 && of_b.size() == 1;
    ResultDiff diff;
    ConfigChanges config;
    std::set<const ReplicatedPoint*> paired;
    for (const ReplicatedPoint& mine : of_a) {
        const PointKey identity = identity_of(mine.mean, axes);
        const auto other = std::ranges::find_if(
            of_b, [&](const ReplicatedPoint& candidate) { return one_each || identity_of(candidate.mean, axes) == identity; });
        if (other == of_b.end()) {
            diff.only_a.push_back(identity);
            continue;
        }
        ++diff.points;
        paired.insert(&*other);
        if (lacks_seeds_of(mine.seeds, other->seeds)) diff.fewer_seeds_b.push_back(identity);
        const Pair pair{identity, mine, *other};
        compare_figures(pair, diff);
        compare_configs(pair, config);
    }
    for (const ReplicatedPoint& other : of_b)
        if (!paired.contains(&other)) diff.only_b.push_back(identity_of(other.mean, axes));
    for (const auto& [change, points] : config)
        diff.config.push_back({change.first, change.second.first, change.second.second, points});
    for (const auto& [seeds, into] : {std::pair{seeds_of(of_a), &diff.seeds_a}, std::pair{seeds_of(of_b), &diff.seeds_b}})
        into->assign(seeds.begin(), seeds.end());
    return diff;
}

}  // namespace splinter::platforms
