// Points that differ in their seed only, as one: what tables, ratios and rankings over several seeds are made of.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/run/run_result.h"
#include "platforms/statistics/interval.h"

namespace splinter::platforms {

inline constexpr std::string_view kSeedKey = "platform.seed";

// Where a figure stands in a result.
struct FigureId {
    std::string workload;
    std::string phase;
    std::string metric;
    friend auto operator<=>(const FigureId&, const FigureId&) = default;
};

// By seed, as the resolved config writes it. None is empty.
using SeedValues = std::map<std::string, double>;
[[nodiscard]] MeanEstimate estimate_of(const SeedValues& values);

struct ReplicatedPoint {
    // Without the seed's axis. Figures are means over the replicas that have them, histograms are merged; everything else is
    // the first replica's.
    PointResult mean;
    std::vector<std::string> seeds;  // of the replicas, in point order
    std::map<FigureId, SeedValues> figures;

    // Nothing where no replica has the figure.
    [[nodiscard]] std::optional<MeanEstimate> estimate(const FigureId& figure) const;
};

// Folds the axis `platform.seed`, in the order in which the points first appear. Where it has one value only, or where there is
// none, every point stays as it is, its key too.
[[nodiscard]] std::vector<ReplicatedPoint> fold_replicas(const std::vector<PointResult>& points);

[[nodiscard]] bool has_replicas(const std::vector<ReplicatedPoint>& points);
// The means, for reports that ask for nothing else.
[[nodiscard]] std::vector<PointResult> means_of(const std::vector<ReplicatedPoint>& points);

// What is known of a figure's ratio B/A: paired by seed where both sides have the same seeds.
[[nodiscard]] std::optional<Ratio> ratio_of(const SeedValues& a, const SeedValues& b);
[[nodiscard]] MeanEstimate difference_of(const SeedValues& a, const SeedValues& b);

}  // namespace splinter::platforms
