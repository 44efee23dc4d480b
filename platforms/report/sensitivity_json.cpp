#include <nlohmann/json.hpp>

#include "platforms/report/sensitivity_report.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::optional<double>& value) { return value ? ordered_json(*value) : ordered_json(); }

ordered_json figures_json(const AlternativeFigures& figures) {
    ordered_json out = ordered_json::array();
    for (const auto& figure : figures) out.push_back(or_null(figure));
    return out;
}

ordered_json parameter_json(const MovedParameter& parameter) {
    return {{"key", parameter.key},   {"value", parameter.value},           {"low", parameter.low},
            {"high", parameter.high}, {"confidence", parameter.confidence}, {"recorded", parameter.recorded}};
}

ordered_json response_json(const ParameterResponse& response, const AlternativeFigures& base) {
    ordered_json out = parameter_json(response.parameter);
    out["at_low"] = figures_json(response.low);
    out["at_high"] = figures_json(response.high);
    out["effect"] = effect_of(response, base);
    out["order_changes_at_low"] = order_changes(base, response.low);
    out["order_changes_at_high"] = order_changes(base, response.high);
    return out;
}

ordered_json section_json(const SensitivitySection& section) {
    ordered_json responses = ordered_json::array();
    for (const ParameterResponse& response : section.responses) responses.push_back(response_json(response, section.base));
    ordered_json joint = ordered_json::array();
    for (const JointResponse& pair : section.joint)
        joint.push_back({{"first", section.alternatives[pair.first]},
                         {"second", section.alternatives[pair.second]},
                         {"first_figure", or_null(pair.first_figure)},
                         {"second_figure", or_null(pair.second_figure)}});
    return {{"workload", section.workload},
            {"phase", section.phase},
            {"place", section.place},
            {"alternatives", section.alternatives},
            {"base", figures_json(section.base)},
            {"parameters", responses},
            {"joint", joint}};
}

}  // namespace

std::string sensitivity_json(const SensitivityReport& report) {
    ordered_json unused = ordered_json::array();
    for (const MovedParameter& parameter : report.unused) unused.push_back(parameter_json(parameter));
    ordered_json sections = ordered_json::array();
    for (const SensitivitySection& section : report.sections) sections.push_back(section_json(section));
    ordered_json out = ordered_json::object();
    out["schema"] = kResultSchema;
    out["program_version"] = report.program_version;
    out["figure"] = report.figure;
    out["ranked_axis"] = report.ranked_axis;
    out["range_rule"] = report.range_rule;
    out["chosen"] = report.chosen;
    out["unused"] = unused;
    out["without_range"] = report.without_range;
    out["sections"] = sections;
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
