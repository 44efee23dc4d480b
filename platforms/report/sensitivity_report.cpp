#include "platforms/report/sensitivity_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "platforms/report/comparison_table.h"
#include "platforms/report/numbers.h"
#include "platforms/report/text_table.h"

namespace splinter::platforms {

namespace {

constexpr double kListedEffect = 0.001;  // smaller ones are counted
constexpr std::size_t kWidth = 120;

// Breaks a list between its items; the lines after the first are indented.
std::string wrapped(const std::string& title, const std::vector<std::string>& items) {
    std::string out;
    std::string line = title;
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::string piece = " " + items[i] + (i + 1 < items.size() ? "," : "");
        if (line.size() + piece.size() > kWidth) {
            out += line + "\n";
            line = "   ";
        }
        line += piece;
    }
    return out + line + "\n";
}

std::string order_text(const SensitivitySection& section, const AlternativeFigures& figures) {
    const std::vector<std::size_t> order = order_of(figures);
    std::string out;
    for (std::size_t i = 0; i < order.size(); ++i) {
        if (i > 0) out += *figures[order[i - 1]] == *figures[order[i]] ? " = " : " < ";
        out += section.alternatives[order[i]];
    }
    return out;
}

std::string base_line(const SensitivitySection& section) {
    std::vector<std::string> parts;
    for (const std::size_t i : order_of(section.base))
        parts.push_back(fmt::format("{} {}", section.alternatives[i], human_number(*section.base[i])));
    return fmt::format("as configured: {}\n", fmt::join(parts, ", "));
}

// "costs.local_map = 200cyc: none < batched < freetype", for each end that changes the order.
std::string order_changes_text(const SensitivitySection& section) {
    std::string out;
    for (const ParameterResponse& response : section.responses)
        for (const auto& [end, figures] :
             {std::pair{&response.parameter.low, &response.low}, std::pair{&response.parameter.high, &response.high}})
            if (order_changes(section.base, *figures))
                out += fmt::format("  {} = {}: {}\n", response.parameter.key, *end, order_text(section, *figures));
    if (out.empty()) return "order: no parameter alone changes it\n";
    return "order: CHANGED by a parameter alone:\n" + out;
}

// In which places an alternative stands, over all single moves.
std::string places_line(const SensitivitySection& section) {
    std::vector<std::string> parts;
    for (const std::size_t i : order_of(section.base)) {
        std::size_t best = *place_of(section.base, i);
        std::size_t worst = best;
        for (const ParameterResponse& response : section.responses)
            for (const AlternativeFigures* end : {&response.low, &response.high})
                if (const auto place = place_of(*end, i)) {
                    best = std::min(best, *place);
                    worst = std::max(worst, *place);
                }
        parts.push_back(best == worst ? fmt::format("{} {}", section.alternatives[i], best)
                                      : fmt::format("{} {} to {}", section.alternatives[i], best, worst));
    }
    return fmt::format("places, one parameter moved at a time: {}\n", fmt::join(parts, ", "));
}

std::string joint_lines(const SensitivitySection& section) {
    std::string out;
    for (const JointResponse& joint : section.joint) {
        const std::string& first = section.alternatives[joint.first];
        const std::string& second = section.alternatives[joint.second];
        if (!joint.first_figure || !joint.second_figure) {
            out += fmt::format("  {} and {}: the run failed\n", first, second);
            continue;
        }
        const bool stays = *joint.first_figure <= *joint.second_figure;
        out += fmt::format("  {} {} {}: {} and {}, {} and {} as configured\n", first, stays ? "stays below" : "COMES ABOVE",
                           second, human_number(*joint.first_figure), human_number(*joint.second_figure),
                           human_number(*section.base[joint.first]), human_number(*section.base[joint.second]));
    }
    return out.empty() ? "" : "all parameters together, each at the end that is worst for the first of two:\n" + out;
}

std::string percent(std::optional<double> change) {
    if (!change) return "-";
    const double value = 100 * *change;
    if (value == 0) return "0";
    if (std::abs(value) < 0.05) return value < 0 ? "-0.0" : "+0.0";
    return std::abs(value) < 99.95 ? fmt::format("{:+.1f}", value) : fmt::format("{:+.0f}", value);
}

std::string tornado(const SensitivitySection& section) {
    TextTable table;
    table.add_column("parameter", Align::left);
    for (const char* heading : {"value", "low", "high"}) table.add_column(heading, Align::right);
    table.add_column("conf.", Align::left);
    for (const std::string& name : section.alternatives) {
        table.add_column(name + " low", Align::right);
        table.add_column("% high", Align::right);
    }
    table.add_column("order", Align::left);
    std::size_t small = 0;
    for (const ParameterResponse& response : section.responses) {
        if (effect_of(response, section.base) < kListedEffect) {
            ++small;
            continue;
        }
        const MovedParameter& moved = response.parameter;
        std::vector<std::string> cells{moved.key, moved.value, moved.low, moved.high,
                                       moved.confidence + (moved.recorded ? "" : " *")};
        for (std::size_t i = 0; i < section.base.size(); ++i) {
            cells.push_back(percent(relative_change(section.base[i], response.low[i])));
            cells.push_back(percent(relative_change(section.base[i], response.high[i])));
        }
        const bool changes = order_changes(section.base, response.low) || order_changes(section.base, response.high);
        cells.emplace_back(changes ? "CHANGES" : "same");
        table.add_row(std::move(cells));
    }
    return table.render() + (small > 0 ? fmt::format("{} more, each below {} %\n", small, 100 * kListedEffect) : "");
}

std::string section_text(const SensitivityReport& report, const SensitivitySection& section) {
    std::string out = fmt::format("\n{}{}, {}\n{}", section_title(section.workload, section.phase),
                                  section.place.empty() ? "" : ", " + section.place, report.figure, base_line(section));
    if (section.alternatives.size() > 1) out += order_changes_text(section) + places_line(section) + joint_lines(section);
    return out + "\n" + tornado(section);
}

}  // namespace

std::string sensitivity_text(const SensitivityReport& report) {
    const std::size_t used = report.sections.empty() ? 0 : report.sections.front().responses.size();
    std::string out =
        fmt::format("splinter {}, sensitivity of {} to {} uncertain parameters, each moved to both ends of its range\n",
                    report.program_version, report.figure, used + report.unused.size());
    out += fmt::format("range: recorded beside the value, else (*) by confidence: {}\n", report.range_rule);
    for (const std::string& choice : report.chosen) out += "only " + choice + "; --set chooses others\n";
    if (!report.unused.empty()) {
        std::vector<std::string> keys;
        for (const MovedParameter& parameter : report.unused) keys.push_back(parameter.key);
        out += wrapped(fmt::format("{} that no run here depends on:", keys.size()), keys);
    }
    if (!report.without_range.empty())
        out += wrapped(fmt::format("{} not moved, no durations and without a recorded range:", report.without_range.size()),
                       report.without_range);
    for (const SensitivitySection& section : report.sections) out += section_text(report, section);
    return out;
}

}  // namespace splinter::platforms
