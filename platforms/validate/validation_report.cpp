#include "platforms/validate/validation_report.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platforms/report/text_table.h"

namespace splinter::platforms {
namespace {

std::string number(double value) {
    return std::fabs(value) >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.2f}", value);
}

std::string role(const ValidatedRow& row) {
    switch (row.row.role) {
        case ValidationRow::Role::fit:
            return "fitted";
        case ValidationRow::Role::derived:
            return "derived";
        case ValidationRow::Role::prediction:
            break;
    }
    return "prediction";
}

std::string verdict(const ValidatedRow& row) {
    if (!row.row.tolerance) return "no tolerance set";
    return fmt::format("{} {:.0f} %", row.within() ? "within" : "NOT WITHIN", 100 * *row.row.tolerance);
}

}  // namespace

std::string validation_report(const std::vector<ValidatedRow>& rows) {
    TextTable table;
    for (const char* heading : {"row", "what"}) table.add_column(heading, Align::left);
    for (const char* heading : {"published", "simulated"}) table.add_column(heading, Align::right);
    table.add_column("unit", Align::left);
    table.add_column("ratio", Align::right);
    for (const char* heading : {"role", "tolerance", "source"}) table.add_column(heading, Align::left);
    std::map<std::string, int> sources;  // by text: the number in the table
    std::string notes;
    std::string texts;
    for (const ValidatedRow& row : rows) {
        const auto [source, added] = sources.emplace(row.row.source, static_cast<int>(sources.size()) + 1);
        if (added) texts += fmt::format("[{}] {}\n", source->second, source->first);
        if (!row.row.note.empty()) notes += fmt::format("{}: {}\n", row.row.id, row.row.note);
        table.add_row({row.row.id, row.row.what, number(row.row.published), number(row.simulated), row.row.unit,
                       fmt::format("{:.2f}", row.ratio()), role(row), verdict(row), fmt::format("[{}]", source->second)});
    }
    std::size_t missed = 0;
    for (const ValidatedRow& row : rows) missed += row.acceptable() ? 0 : 1;
    return table.render() + "\n" + (notes.empty() ? "" : notes + "\n") + texts +
           fmt::format(
               "\n{} of {} rows with a tolerance miss it\n", missed,
               std::count_if(rows.begin(), rows.end(), [](const ValidatedRow& row) { return row.row.tolerance.has_value(); }));
}

std::string validation_json(const std::vector<ValidatedRow>& rows) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const ValidatedRow& row : rows) {
        nlohmann::ordered_json item = {{"id", row.row.id},           {"what", row.row.what}, {"published", row.row.published},
                                       {"simulated", row.simulated}, {"unit", row.row.unit}, {"ratio", row.ratio()},
                                       {"role", role(row)}};
        if (row.row.tolerance) {
            item["tolerance"] = *row.row.tolerance;
            item["within"] = row.within();
        }
        item["source"] = row.row.source;
        if (!row.row.note.empty()) item["note"] = row.row.note;
        list.push_back(std::move(item));
    }
    return nlohmann::ordered_json{{"schema", kResultSchema}, {"rows", std::move(list)}}.dump(2) + "\n";
}

}  // namespace splinter::platforms
