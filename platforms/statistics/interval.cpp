#include "platforms/statistics/interval.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/students_t.hpp>

#include "hw/base/check.h"

namespace splinter::platforms {

namespace {

// As exact as anything printed; and profilers that emulate the processor have no long double.
using InDouble = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

double mean_of(const std::vector<double>& values) {
    SPLINTER_CHECK(!values.empty(), "a mean of nothing");
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The variance of the mean, s^2 / n. Values that are equal but for rounding have none.
double variance_of_mean(const std::vector<double>& values) {
    constexpr double kRounding = 1e-12;
    const auto [low, high] = std::ranges::minmax(values);
    if (high - low <= kRounding * std::abs(high)) return 0;
    const double mean = mean_of(values);
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const auto count = static_cast<double>(values.size());
    return squares / (count - 1) / count;
}

double half_width(double variance, double degrees) {
    if (variance == 0) return 0;
    const boost::math::students_t_distribution<double, InDouble> distribution{degrees};
    return boost::math::quantile(distribution, (1 + kConfidence) / 2) * std::sqrt(variance);
}

bool all_positive(const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
}

std::vector<double> logarithms(const std::vector<double>& values) {
    std::vector<double> out;
    for (const double value : values) out.push_back(std::log(value));
    return out;
}

std::vector<double> differences(const std::vector<double>& a, const std::vector<double>& b) {
    SPLINTER_CHECK(a.size() == b.size(), "pairs");
    std::vector<double> out;
    for (std::size_t i = 0; i < a.size(); ++i) out.push_back(b[i] - a[i]);
    return out;
}

Ratio from_logarithm(const MeanEstimate& estimate) {
    Ratio out{std::exp(estimate.mean), {}};
    if (estimate.half_width)
        out.bounds =
            Ratio::Bounds{std::exp(estimate.mean - *estimate.half_width), std::exp(estimate.mean + *estimate.half_width)};
    return out;
}

}  // namespace

MeanEstimate estimate(const std::vector<double>& values) {
    MeanEstimate out{values.size(), mean_of(values), {}};
    if (values.size() > 1) out.half_width = half_width(variance_of_mean(values), static_cast<double>(values.size() - 1));
    return out;
}

MeanEstimate paired_difference(const std::vector<double>& a, const std::vector<double>& b) {
    return estimate(differences(a, b));
}

MeanEstimate difference(const std::vector<double>& a, const std::vector<double>& b) {
    MeanEstimate out{std::min(a.size(), b.size()), mean_of(b) - mean_of(a), {}};
    if (out.count < 2) return out;
    const double of_a = variance_of_mean(a);
    const double of_b = variance_of_mean(b);
    const double sum = of_a + of_b;
    // Welch and Satterthwaite's degrees of freedom.
    const double degrees =
        sum == 0
            ? 1
            : sum * sum / (of_a * of_a / static_cast<double>(a.size() - 1) + of_b * of_b / static_cast<double>(b.size() - 1));
    out.half_width = half_width(sum, degrees);
    return out;
}

std::optional<Ratio> paired_ratio(const std::vector<double>& a, const std::vector<double>& b) {
    SPLINTER_CHECK(a.size() == b.size(), "pairs");
    if (!all_positive(a) || !all_positive(b)) return std::nullopt;
    // Of one pair, and of equal values, without the detour that rounds.
    std::vector<double> ratios;
    for (std::size_t i = 0; i < a.size(); ++i) ratios.push_back(b[i] / a[i]);
    if (variance_of_mean(ratios) == 0 || ratios.size() == 1)
        return Ratio{ratios.front(),
                     ratios.size() == 1 ? std::nullopt : std::optional{Ratio::Bounds{ratios.front(), ratios.front()}}};
    return from_logarithm(estimate(logarithms(ratios)));
}

std::optional<Ratio> ratio(const std::vector<double>& a, const std::vector<double>& b) {
    if (a.size() == 1 && b.size() == 1) return paired_ratio(a, b);
    if (!all_positive(a) || !all_positive(b)) return std::nullopt;
    return from_logarithm(difference(logarithms(a), logarithms(b)));
}

}  // namespace splinter::platforms
