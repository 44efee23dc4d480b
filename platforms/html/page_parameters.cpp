#include "platforms/html/page_parameters.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

namespace splinter::platforms {

namespace {

struct Parameter {
    std::vector<std::string> values, ranges, confidences, origins, sources;
};

void add_once(std::vector<std::string>& list, const std::string& text) {
    if (!text.empty() && std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

std::string joined(const std::vector<std::string>& list) { return fmt::format("{}", fmt::join(list, "; ")); }

}  // namespace

std::vector<PageParameter> page_parameters(const std::vector<PointResult>& points) {
    std::map<std::string, Parameter> parameters;
    for (const PointResult& point : points)
        for (const ConfigEntry& entry : point.result.config) {
            Parameter& parameter = parameters[entry.key];
            add_once(parameter.values, entry.value);
            if (!entry.range_low.empty()) add_once(parameter.ranges, entry.range_low + " to " + entry.range_high);
            add_once(parameter.confidences, entry.confidence);
            add_once(parameter.origins, entry.origin);
            add_once(parameter.sources, entry.source);
        }
    std::vector<PageParameter> out;
    for (const auto& [key, parameter] : parameters)
        out.push_back({key, parameter.values, joined(parameter.ranges), joined(parameter.confidences),
                       joined(parameter.origins), joined(parameter.sources)});
    return out;
}

}  // namespace splinter::platforms
