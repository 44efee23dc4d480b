// Means, ratios and their 95 % confidence intervals from few values (Student's t; Boost.Math has its quantiles). Values of
// different seeds are taken for independent draws from a normal distribution, ratios for log-normal ones. One value has no
// interval: nothing is known of its spread.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace splinter::platforms {

inline constexpr double kConfidence = 0.95;

struct MeanEstimate {
    std::size_t count = 0;
    double mean = 0;
    std::optional<double> half_width;  // mean - half_width to mean + half_width; from two values on
};
// REQUIRES: at least one value.
[[nodiscard]] MeanEstimate estimate(const std::vector<double>& values);

// B over A: the geometric mean, and where it may lie.
struct Ratio {
    double value = 1;
    struct Bounds {
        double low;
        double high;
        friend bool operator==(const Bounds&, const Bounds&) = default;
    };
    std::optional<Bounds> bounds;
};
// Nothing where some value is not positive: then there is no ratio to speak of. Paired: a[i] and b[i] share their seed, so that
// what the seed does to both cancels out; REQUIRES as many of each.
[[nodiscard]] std::optional<Ratio> paired_ratio(const std::vector<double>& a, const std::vector<double>& b);
// Not paired: Welch's interval. Bounds from two values on each side on.
[[nodiscard]] std::optional<Ratio> ratio(const std::vector<double>& a, const std::vector<double>& b);

// B less A, for values without a ratio; the same two ways.
[[nodiscard]] MeanEstimate paired_difference(const std::vector<double>& a, const std::vector<double>& b);
[[nodiscard]] MeanEstimate difference(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace splinter::platforms
