#include "platforms/config/layered_config.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "platforms/config/layers.h"
#include "platforms/config/resolve.h"
#include "platforms/config/set_option.h"

namespace splinter::platforms {

namespace {

constexpr std::size_t kMostPoints = 100'000;

}  // namespace

LayeredConfig LayeredConfig::load(const std::string& path, const std::vector<std::string>& sets, const Describe& describe) {
    LayeredConfig config;
    if (!path.empty()) {
        config.includes_ = read_with_includes(path, "command line");
        config.own_ = std::move(config.includes_.back());
        config.includes_.pop_back();
    }
    config.raw_axes_ = config.own_.axes;
    config.check_axes();
    config.apply_sets(sets);
    config.check_axis_keys();
    config.check_zips();
    config.read_platforms();
    config.name_axis_values(describe);
    return config;
}

void LayeredConfig::check_axes() const {
    for (const RawAxis& axis : raw_axes_) {
        if (axis.values.empty()) throw UserError(axis.origin, fmt::format("axis `{}` has no values", axis.key));
        const auto value = own_.values.find(axis.key);
        if (value == own_.values.end()) continue;
        throw UserError(axis.origin, fmt::format("axis `{}` also has a value at {}", axis.key, value->second.key_origin));
    }
}

void LayeredConfig::check_axis_keys() const {
    for (const RawAxis& axis : raw_axes_)
        if (axis.key.starts_with("report."))
            throw UserError(axis.origin,
                            fmt::format("`{}` cannot be an axis: it changes what is shown of a point, not the point; "
                                        "several names in one value are joined by +",
                                        axis.key));
}

void LayeredConfig::apply_sets(const std::vector<std::string>& sets) {
    for (RawAxis& option : parse_set_options(sets)) {
        const auto axis = std::ranges::find(raw_axes_, option.key, &RawAxis::key);
        if (option.values.size() == 1) {
            if (axis != raw_axes_.end()) raw_axes_.erase(axis);
            sets_[option.key] = RawEntry{option.values.front(), option.origin, "", "", {}};
        } else if (axis != raw_axes_.end()) {
            option.zip = axis->zip;
            *axis = std::move(option);
        } else {
            raw_axes_.push_back(std::move(option));
        }
    }
}

// The platform is not read if no layer names one: the defaults in the aggregates are a whole machine.
void LayeredConfig::read_platforms() {
    const auto axis = std::ranges::find(raw_axes_, kModelKey, &RawAxis::key);
    if (axis != raw_axes_.end()) {
        for (const RawValue& model : axis->values) platforms_[model.text] = read_platform(model, own_.path);
    } else if (const RawEntry* entry = model_of({})) {
        platforms_[entry->value.text] = read_platform(entry->value, own_.path);
    }
}

void LayeredConfig::check_zips() const {
    for (const Group& group : groups()) {
        const RawAxis& first = raw_axes_[group.front()];
        for (const std::size_t other : group) {
            const RawAxis& axis = raw_axes_[other];
            if (axis.values.size() == first.values.size()) continue;
            throw UserError(axis.origin, fmt::format("axis `{}` has {} values, but `{}`, zipped with it, has {}", axis.key,
                                                     axis.values.size(), first.key, first.values.size()));
        }
    }
}

std::vector<LayeredConfig::Group> LayeredConfig::groups() const {
    std::vector<Group> groups;
    for (std::size_t i = 0; i < raw_axes_.size(); ++i) {
        const std::size_t zip = raw_axes_[i].zip;
        const auto is_its = [&](const Group& group) { return zip != 0 && raw_axes_[group.front()].zip == zip; };
        const auto found = std::ranges::find_if(groups, is_its);
        if (found != groups.end()) {
            found->push_back(i);
        } else {
            groups.push_back({i});
        }
    }
    return groups;
}

// Resolves each value of each axis once, beside the first values of the others: that checks it and gives its canonical text.
void LayeredConfig::name_axis_values(const Describe& describe) {
    resolve_choice(Choice(raw_axes_.size(), 0), describe);
    axes_.resize(raw_axes_.size());
    for (const Group& group : groups()) {
        for (const std::size_t axis : group) axes_[axis] = name_values_of(axis, group, describe);
        refuse_repetition(group);
    }
}

Axis LayeredConfig::name_values_of(std::size_t axis, const Group& group, const Describe& describe) const {
    const RawAxis& raw = raw_axes_[axis];
    Axis named{raw.key, {}, raw.origin, raw.zip};
    Choice choice(raw_axes_.size(), 0);
    for (std::size_t i = 0; i < raw.values.size(); ++i) {
        for (const std::size_t member : group) choice[member] = i;
        const std::vector<ConfigEntry> entries = resolve_choice(choice, describe);
        const auto entry = std::ranges::find(entries, raw.key, &ConfigEntry::key);
        // Only durations are converted, and only from ns; all other texts that end so are canonical already.
        named.values.push_back(raw.values[i].text.ends_with("ns") ? raw.values[i].text : entry->value);
    }
    return named;
}

// One axis may repeat a value if another of its zip does not.
void LayeredConfig::refuse_repetition(const Group& group) const {
    std::set<std::string> seen;
    const RawAxis& first = raw_axes_[group.front()];
    for (std::size_t i = 0; i < first.values.size(); ++i) {
        std::string values;
        for (const std::size_t axis : group) values += (values.empty() ? "" : ", ") + axes_[axis].values[i];
        if (!seen.insert(values).second)
            throw UserError(first.values[i].origin,
                            fmt::format("axis `{}` has the value{} {} twice", first.key, group.size() == 1 ? "" : "s", values));
    }
}

std::vector<PointKey> LayeredConfig::points() const {
    std::vector<PointKey> points{PointKey(axes_.size())};
    for (const Group& group : groups()) {
        const std::size_t values = axes_[group.front()].values.size();
        if (points.size() * values > kMostPoints)
            throw UserError(axes_[group.front()].origin, fmt::format("the axes span more than {} points", kMostPoints));
        std::vector<PointKey> longer;
        for (const PointKey& point : points) {
            for (std::size_t i = 0; i < values; ++i) {
                longer.push_back(point);
                for (const std::size_t axis : group) longer.back()[axis] = {axes_[axis].key, axes_[axis].values[i]};
            }
        }
        points = std::move(longer);
    }
    return points;
}

std::vector<ConfigEntry> LayeredConfig::resolve(const PointKey& key, const Describe& describe) const {
    SPLINTER_CHECK(key.size() == axes_.size(), "a point has one value for each axis");
    Choice choice;
    for (std::size_t i = 0; i < axes_.size(); ++i) {
        const auto& values = axes_[i].values;
        const auto value = std::ranges::find(values, key[i].value);
        SPLINTER_CHECK(key[i].key == axes_[i].key && value != values.end(), "not a point: " + key[i].key + "=" + key[i].value);
        choice.push_back(static_cast<std::size_t>(value - values.begin()));
    }
    return resolve_choice(choice, describe);
}

RawTable LayeredConfig::chosen_values(const Choice& choice) const {
    RawTable chosen;
    for (std::size_t i = 0; i < raw_axes_.size(); ++i) {
        const RawAxis& axis = raw_axes_[i];
        chosen[axis.key] = RawEntry{axis.values[choice[i]], axis.origin, "", "", {}};
    }
    return chosen;
}

// The highest value of platform.model, null if there is none.
const RawEntry* LayeredConfig::model_of(const RawTable& chosen) const {
    for (const RawTable* layer : {&sets_, &chosen, &own_.values}) {
        if (const auto found = layer->find(kModelKey); found != layer->end()) return &found->second;
    }
    return nullptr;
}

std::vector<ConfigEntry> LayeredConfig::resolve_choice(const Choice& choice, const Describe& describe) const {
    const RawTable chosen = chosen_values(choice);
    std::vector<const RawTable*> layers;
    const auto add_files = [&](const std::vector<RawFile>& files) {
        std::ranges::transform(files, std::back_inserter(layers), [](const RawFile& file) { return &file.values; });
    };
    add_files(includes_);
    if (const RawEntry* model = model_of(chosen)) add_files(platforms_.at(model->value.text));
    layers.insert(layers.end(), {&own_.values, &chosen, &sets_});
    return resolve_layers(layers, describe);
}

}  // namespace splinter::platforms
