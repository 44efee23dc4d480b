#include "platforms/results/cost_estimate.h"

#include <algorithm>
#include <cmath>
#include <compare>

#include "platforms/results/cost_model.h"
#include "platforms/results/point_hash.h"

namespace splinter::platforms {

namespace {

struct Measured {
    const ResolvedPoint* point;
    HostCost cost;
};

// Fewest axes of other values first, then the nearest number of cores.
struct Distance {
    std::size_t axes;
    double cores;
    friend auto operator<=>(const Distance&, const Distance&) = default;
};

double cores_of(const ResolvedPoint& point) { return static_cast<double>(point.config.hw.cores); }

Distance distance(const ResolvedPoint& a, const ResolvedPoint& b) {
    Distance distance{0, std::abs(std::log2(cores_of(a) / cores_of(b)))};
    for (std::size_t i = 0; i < std::min(a.key.size(), b.key.size()); ++i) distance.axes += a.key[i] == b.key[i] ? 0 : 1;
    return distance;
}

Estimate from_neighbour(const ResolvedPoint& point, const Measured& neighbour) {
    const std::optional<double> wanted = modelled_seconds(point.config);
    const std::optional<double> known = modelled_seconds(neighbour.point->config);
    const double ratio = wanted && known ? *wanted / *known : cores_of(point) / cores_of(*neighbour.point);
    const double memory =
        static_cast<double>(modelled_bytes(point.config)) / static_cast<double>(modelled_bytes(neighbour.point->config));
    return {neighbour.cost.seconds * ratio, static_cast<std::uint64_t>(static_cast<double>(neighbour.cost.bytes) * memory),
            EstimateBasis::neighbour};
}

Estimate estimate(const ResolvedPoint& point, const std::vector<Measured>& measured) {
    if (!measured.empty()) {
        const auto nearest = std::min_element(measured.begin(), measured.end(), [&](const Measured& a, const Measured& b) {
            return distance(point, *a.point) < distance(point, *b.point);
        });
        return from_neighbour(point, *nearest);
    }
    const std::optional<double> seconds = modelled_seconds(point.config);
    return {seconds, modelled_bytes(point.config), seconds ? EstimateBasis::model : EstimateBasis::none};
}

}  // namespace

std::vector<Estimate> estimate_costs(const std::vector<const ResolvedPoint*>& points,
                                     const std::map<std::string, HostCost>& measured) {
    std::vector<std::optional<HostCost>> own(points.size());
    std::vector<Measured> known;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const auto found = measured.find(config_hash(*points[i]));
        if (found == measured.end()) continue;
        own[i] = found->second;
        known.push_back({points[i], found->second});
    }
    std::vector<Estimate> estimates;
    for (std::size_t i = 0; i < points.size(); ++i)
        estimates.push_back(own[i] ? Estimate{own[i]->seconds, own[i]->bytes, EstimateBasis::measured}
                                   : estimate(*points[i], known));
    return estimates;
}

std::string_view basis_name(EstimateBasis basis) {
    switch (basis) {
        case EstimateBasis::measured:
            return "measured";
        case EstimateBasis::neighbour:
            return "neighbour";
        case EstimateBasis::model:
            return "model";
        case EstimateBasis::none:
            return "unknown";
    }
    return "";
}

}  // namespace splinter::platforms
