#include "platforms/report/replay_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platforms/report/numbers.h"
#include "platforms/report/text_table.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

std::string replay_text(const ReplayReport& report) {
    std::string out;
    const auto line = [&out](std::string_view name, std::uint64_t value) {
        out += fmt::format("{:<12}{:>14}\n", name, grouped(value));
    };
    line("events", report.events);
    line("allocations", report.allocations);
    line("frees", report.frees);
    line("failures", report.failures);
    line("overlaps", report.overlaps);
    if (!report.free_pages_compared) return out + "\nzones not compared: a share of the allocations was declared unmapped\n";
    TextTable table;
    table.add_column("zone", Align::left);
    for (const char* heading : {"expected free pages", "found free pages", "difference"})
        table.add_column(heading, Align::right);
    for (const ZoneBalance& zone : report.zones) {
        const bool more = zone.free >= zone.expected_free;
        const std::uint64_t difference = more ? zone.free - zone.expected_free : zone.expected_free - zone.free;
        table.add_row({zone.zone, grouped(zone.expected_free), grouped(zone.free),
                       (difference == 0 ? ""
                        : more          ? "+"
                                        : "-") +
                           grouped(difference)});
    }
    const auto equal = std::count_if(report.zones.begin(), report.zones.end(),
                                     [](const ZoneBalance& zone) { return zone.free == zone.expected_free; });
    return out + "\n" + table.render() + fmt::format("\n{} of {} zones agree\n", equal, report.zones.size());
}

std::string replay_json(const ReplayReport& report, const std::string& program_version) {
    using nlohmann::ordered_json;
    ordered_json zones = ordered_json::array();
    for (const ZoneBalance& zone : report.zones)
        zones.push_back({{"zone", zone.zone}, {"expected_free", zone.expected_free}, {"free", zone.free}});
    ordered_json out = ordered_json::object();
    out["events"] = report.events;
    out["allocations"] = report.allocations;
    out["frees"] = report.frees;
    out["failures"] = report.failures;
    out["overlaps"] = report.overlaps;
    out["free_pages_compared"] = report.free_pages_compared;
    out["zones"] = zones;
    out["agrees"] = report.agrees();
    RunResult result = report.result;
    result.program_version = program_version;
    out["result"] = ordered_json::parse(to_json(result));
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
