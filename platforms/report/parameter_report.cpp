#include "platforms/report/parameter_report.h"

#include <algorithm>
#include <map>

#include "platforms/report/text_table.h"

namespace splinter::platforms {

namespace {

std::string range_text(const ConfigEntry& entry) {
    return entry.range_low.empty() ? "-" : entry.range_low + ".." + entry.range_high;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

std::string parameter_report(const std::vector<std::vector<ConfigEntry>>& configs) {
    std::map<std::string, std::vector<const ConfigEntry*>> parameters;  // sorted as the entries of a point are
    for (const std::vector<ConfigEntry>& config : configs)
        for (const ConfigEntry& entry : config) {
            std::vector<const ConfigEntry*>& different = parameters[entry.key];
            const auto is_same = [&](const ConfigEntry* other) {
                return other->value == entry.value && other->origin == entry.origin;
            };
            if (std::none_of(different.begin(), different.end(), is_same)) different.push_back(&entry);
        }
    TextTable table;
    for (const char* heading : {"parameter", "value", "origin", "confidence", "range", "source"})
        table.add_column(heading, Align::left);
    for (const auto& [key, entries] : parameters)
        for (const ConfigEntry* entry : entries)
            table.add_row({key, or_dash(entry->value), entry->origin, or_dash(entry->confidence), range_text(*entry),
                           or_dash(entry->source)});
    return table.render();
}

}  // namespace splinter::platforms
