#include <nlohmann/json.hpp>

#include "hw/base/user_error.h"
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

// What the analysis is of: every parameter but the ranked one.
ordered_json config_json(const SensitivityReport& report) {
    ordered_json out = ordered_json::object();
    for (const ConfigEntry& entry : report.config)
        if (entry.key != report.ranked_axis) out[entry.key] = entry.value;
    return out;
}

// Throws json::exception where a page would not find what it reads.
void check_section(const nlohmann::json& section) {
    const std::size_t alternatives = section.at("alternatives").size();
    for (const char* key : {"workload", "phase", "place"}) section.at(key).get_ref<const std::string&>();
    if (section.at("base").size() != alternatives) section.at("base").at(alternatives);
    for (const nlohmann::json& parameter : section.at("parameters")) {
        for (const char* key : {"key", "value", "low", "high", "confidence"}) parameter.at(key).get_ref<const std::string&>();
        for (const char* end : {"at_low", "at_high"})
            for (std::size_t i = 0; i < alternatives; ++i) (void)parameter.at(end).at(i);
    }
    for (const nlohmann::json& pair : section.at("joint"))
        for (const char* key : {"first", "second", "first_figure", "second_figure"}) (void)pair.at(key);
}

}  // namespace

void check_sensitivity_json(const std::string& text, const std::string& origin) {
    try {
        const nlohmann::json root = nlohmann::json::parse(text);
        const nlohmann::json& schema = root.at("schema");
        for (const char* key : {"figure", "ranked_axis", "range_rule"}) root.at(key).get_ref<const std::string&>();
        root.at("config").get_ref<const nlohmann::json::object_t&>();
        root.at("chosen").get_ref<const nlohmann::json::array_t&>();
        for (const nlohmann::json& section : root.at("sections").get_ref<const nlohmann::json::array_t&>())
            check_section(section);
        if (schema == kResultSchema) return;
    } catch (const nlohmann::json::exception&) {  // as any other text
    }
    throw UserError(origin, "not JSON of `splinter sensitivity --json` of this version");
}

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
    out["config"] = config_json(report);
    out["chosen"] = report.chosen;
    out["unused"] = unused;
    out["without_range"] = report.without_range;
    out["sections"] = sections;
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
