#include "platforms/config/experiment.h"

#include <utility>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/layered_config.h"

namespace splinter::platforms {

struct Experiment::Impl {
    LayeredConfig layers;
};

Experiment Experiment::load(const std::string& path, const std::vector<std::string>& sets) {
    const Describe defaults = [](ParamVisitor& visitor) {
        RunConfig config;
        describe(config, visitor);
    };
    return Experiment{std::make_unique<Impl>(Impl{LayeredConfig::load(path, sets, defaults)})};
}

Experiment::Experiment(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Experiment::Experiment(Experiment&&) noexcept = default;
Experiment& Experiment::operator=(Experiment&&) noexcept = default;
Experiment::~Experiment() = default;

const std::string& Experiment::question() const { return impl_->layers.question(); }

const std::vector<Axis>& Experiment::axes() const { return impl_->layers.axes(); }

std::vector<PointKey> Experiment::points() const { return impl_->layers.points(); }

ResolvedPoint Experiment::resolve(const PointKey& key) const {
    ResolvedPoint point{key, {}, {}, question()};
    point.entries = impl_->layers.resolve(key, [&](ParamVisitor& visitor) { describe(point.config, visitor); });
    return point;
}

ResolvedPoint Experiment::resolve_single() const {
    std::string open;
    std::string choices;
    for (const Axis& axis : axes()) {
        if (axis.values.size() == 1) continue;
        open += fmt::format("{}{} ({})", open.empty() ? "" : ", ", axis.key, fmt::join(axis.values, ","));
        choices += fmt::format(" --set {}={}", axis.key, axis.values.front());
    }
    if (!open.empty()) {
        const std::string& path = impl_->layers.path();
        throw UserError(path.empty() ? "command line" : path, "has several values for " + open,
                        "choose one point, e.g." + choices);
    }
    return resolve(points().front());
}

}  // namespace splinter::platforms
