#include "platforms/statistics/sensitivity.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace splinter::platforms {

std::optional<double> relative_change(std::optional<double> base, std::optional<double> moved) {
    if (!base || !moved || *base == 0) return std::nullopt;
    return (*moved - *base) / std::abs(*base);
}

double effect_of(const ParameterResponse& response, const AlternativeFigures& base) {
    double effect = 0;
    for (const AlternativeFigures* end : {&response.low, &response.high})
        for (std::size_t i = 0; i < base.size(); ++i)
            effect = std::max(effect, std::abs(relative_change(base[i], (*end)[i]).value_or(0)));
    return effect;
}

void rank_responses(SensitivitySection& section) {
    std::ranges::sort(section.responses, [&](const ParameterResponse& a, const ParameterResponse& b) {
        const double of_a = effect_of(a, section.base);
        const double of_b = effect_of(b, section.base);
        return of_a != of_b ? of_a > of_b : a.parameter.key < b.parameter.key;
    });
}

std::vector<std::size_t> order_of(const AlternativeFigures& figures) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < figures.size(); ++i)
        if (figures[i]) order.push_back(i);
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return *figures[i]; });
    return order;
}

bool order_changes(const AlternativeFigures& base, const AlternativeFigures& moved) {
    for (std::size_t i = 0; i < base.size(); ++i)
        for (std::size_t j = 0; j < base.size(); ++j)
            if (base[i] && base[j] && moved[i] && moved[j] && *base[i] < *base[j] && *moved[i] > *moved[j]) return true;
    return false;
}

std::optional<std::size_t> place_of(const AlternativeFigures& figures, std::size_t alternative) {
    const std::optional<double> own = figures[alternative];
    if (!own) return std::nullopt;
    return 1 +
           static_cast<std::size_t>(std::ranges::count_if(figures, [&](const auto& other) { return other && *other < *own; }));
}

bool high_favours_second(const ParameterResponse& response, std::size_t first, std::size_t second) {
    const auto relation = [&](const AlternativeFigures& end) {
        if (!end[first] || !end[second] || *end[second] == 0) return -std::numeric_limits<double>::infinity();
        return *end[first] / *end[second];
    };
    return relation(response.high) > relation(response.low);
}

}  // namespace splinter::platforms
