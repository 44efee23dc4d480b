// Two sets of results, A and B, point by point and figure by figure: how B relates to A, and whether seeds could have done it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platforms/run/run_result.h"
#include "platforms/statistics/interval.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

enum class RatioVerdict : std::uint8_t {
    equal,          // the same values
    within_noise,   // the interval of B/A contains 1
    outside_noise,  // it does not
    unknown,        // they differ, and one side has a single seed: how far others would be is not known
};
[[nodiscard]] const char* verdict_text(RatioVerdict verdict);

struct FigureChange {
    PointKey point;
    FigureId figure;
    MeanEstimate a;
    MeanEstimate b;
    std::optional<Ratio> ratio;  // B/A; nothing where a value is not positive, unless all are equal
    RatioVerdict verdict = RatioVerdict::equal;
};

// A parameter that is not the same for some pair of points; "" where a side does not have it.
struct ConfigChange {
    std::string key;
    std::string a;
    std::string b;
    std::size_t points = 0;  // pairs that differ so
};

struct ResultDiff {
    std::size_t points = 0;  // that both sides have
    std::vector<PointKey> only_a;
    std::vector<PointKey> only_b;
    std::vector<ConfigChange> config;      // by key
    std::vector<FigureChange> figures;     // in the order of A's points, workloads and phases, then by name
    std::vector<FigureId> figures_only_a;  // of points that both have
    std::size_t figures_only_b = 0;
    std::vector<PointKey> fewer_seeds_b;  // points that both have, with some of A's seeds in B and some not
    std::vector<std::string> seeds_a;
    std::vector<std::string> seeds_b;
};

// A point is known by its values of all axes that either side has, seeds apart, as its resolved config has them. Where each
// side has one point, these two are compared, whatever they are.
[[nodiscard]] ResultDiff diff_results(const std::vector<PointResult>& a, const std::vector<PointResult>& b);

}  // namespace splinter::platforms
