#include "platforms/statistics/replicas.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "hw/base/check.h"

namespace splinter::platforms {

namespace {

// Every result has the key, whether the seed is an axis or not.
std::string seed_of(const PointResult& point) {
    for (const ConfigEntry& entry : point.result.config)
        if (entry.key == kSeedKey) return entry.value;
    return "";
}

PointKey without_seed(const PointKey& key) {
    PointKey out;
    std::ranges::copy_if(key, std::back_inserter(out), [](const AxisValue& axis) { return axis.key != kSeedKey; });
    return out;
}

// Is any point there with two seeds?
bool several_seeds(const std::vector<PointResult>& points) {
    std::vector<PointKey> keys;
    for (const PointResult& point : points) {
        PointKey key = without_seed(point.key);
        if (key.size() == point.key.size()) return false;  // no axis of seeds
        if (std::ranges::find(keys, key) != keys.end()) return true;
        keys.push_back(std::move(key));
    }
    return false;
}

void collect_figures(ReplicatedPoint& into, const PointResult& point, const std::string& seed) {
    for (const WorkloadResult& workload : point.result.workloads)
        for (const Phase& phase : workload.phases)
            for (const auto& [metric, value] : phase.metrics)
                into.figures[{workload.workload, phase.name, metric}][seed] = value;
}

void merge_histograms(WorkloadResult& into, const WorkloadResult& from) {
    for (const LatencyHistogram& other : from.histograms) {
        const auto same = std::ranges::find_if(into.histograms, [&](const LatencyHistogram& mine) {
            return mine.phase == other.phase && mine.figure == other.figure;
        });
        if (same == into.histograms.end())
            into.histograms.push_back(other);
        else
            same->histogram.merge(other.histogram);
    }
}

void add_replica(ReplicatedPoint& into, const PointResult& point) {
    const std::string seed = seed_of(point);
    collect_figures(into, point, seed);
    into.seeds.push_back(seed);
    for (const WorkloadResult& workload : point.result.workloads)
        for (WorkloadResult& mine : into.mean.result.workloads)
            if (mine.workload == workload.workload) merge_histograms(mine, workload);
}

void average(ReplicatedPoint& point) {
    for (WorkloadResult& workload : point.mean.result.workloads)
        for (Phase& phase : workload.phases) {
            phase.metrics.clear();
            const FigureId first{workload.workload, phase.name, ""};
            for (auto at = point.figures.lower_bound(first); at != point.figures.end(); ++at) {
                if (at->first.workload != first.workload || at->first.phase != first.phase) break;
                phase.metrics[at->first.metric] = point.estimate(at->first)->mean;
            }
        }
}

std::vector<double> values_of(const SeedValues& by_seed) {
    std::vector<double> out;
    for (const auto& [seed, value] : by_seed) out.push_back(value);
    return out;
}

bool same_seeds(const SeedValues& a, const SeedValues& b) {
    return std::ranges::equal(a, b, {}, &SeedValues::value_type::first, &SeedValues::value_type::first);
}

}  // namespace

MeanEstimate estimate_of(const SeedValues& values) { return estimate(values_of(values)); }

std::optional<MeanEstimate> ReplicatedPoint::estimate(const FigureId& figure) const {
    const auto found = figures.find(figure);
    if (found == figures.end()) return std::nullopt;
    return estimate_of(found->second);
}

std::vector<ReplicatedPoint> fold_replicas(const std::vector<PointResult>& points) {
    const bool fold = several_seeds(points);
    std::vector<ReplicatedPoint> folded;
    for (const PointResult& point : points) {
        PointKey key = fold ? without_seed(point.key) : point.key;
        const auto known = std::ranges::find_if(folded, [&](const ReplicatedPoint& other) { return other.mean.key == key; });
        if (fold && known != folded.end()) {
            add_replica(*known, point);
            continue;
        }
        ReplicatedPoint& added = folded.emplace_back(ReplicatedPoint{{std::move(key), point.result}, {seed_of(point)}, {}});
        collect_figures(added, point, added.seeds.front());
    }
    for (ReplicatedPoint& point : folded)
        if (point.seeds.size() > 1) average(point);
    return folded;
}

bool has_replicas(const std::vector<ReplicatedPoint>& points) {
    return std::ranges::any_of(points, [](const ReplicatedPoint& point) { return point.seeds.size() > 1; });
}

std::vector<PointResult> means_of(const std::vector<ReplicatedPoint>& points) {
    std::vector<PointResult> out;
    for (const ReplicatedPoint& point : points) out.push_back(point.mean);
    return out;
}

std::optional<Ratio> ratio_of(const SeedValues& a, const SeedValues& b) {
    return same_seeds(a, b) ? paired_ratio(values_of(a), values_of(b)) : ratio(values_of(a), values_of(b));
}

MeanEstimate difference_of(const SeedValues& a, const SeedValues& b) {
    return same_seeds(a, b) ? paired_difference(values_of(a), values_of(b)) : difference(values_of(a), values_of(b));
}

}  // namespace splinter::platforms
