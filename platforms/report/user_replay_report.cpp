#include "platforms/report/user_replay_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platforms/report/comparison_table.h"
#include "platforms/report/ledger_report.h"
#include "platforms/report/numbers.h"
#include "platforms/report/statistics_report.h"
#include "platforms/report/text_table.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

using nlohmann::ordered_json;

std::string named_lines(const std::string& title, const std::vector<NamedCount>& counts) {
    std::string out;
    for (const NamedCount& count : counts)
        if (count.count > 0) out += fmt::format("  {:<30}{:>14}\n", count.name, grouped(count.count));
    return out.empty() ? "" : title + "\n" + out;
}

std::string trace_part(const UserReplayReport& report) {
    std::string out = fmt::format("{}, text of {}\n", report.file, report.format) + named_lines("events read", report.events) +
                      named_lines("events skipped, unknown here", report.skipped) +
                      named_lines("gfp flags unknown here", report.unknown_gfp);
    const auto line = [&out](const std::string& name, std::uint64_t value) {
        out += fmt::format("{:<32}{:>14}\n", name, grouped(value));
    };
    line("events lost by the tracer", report.lost_events);
    if (report.lost_without_number > 0) line("places where more were lost", report.lost_without_number);
    line("frees of unknown pages, left out", report.unknown_frees);
    line("pages of these frees", report.unknown_pages);
    line("missing frees, made good", report.missing_frees);
    if (report.failed_in_recording > 0) line("allocations the kernel failed", report.failed_in_recording);
    return out;
}

std::string model_part(const UserReplayReport& report) {
    std::string out = "start: " + report.start + "\n";
    for (const std::string& note : report.notes) out += "  " + note + "\n";
    TextTable orders;
    orders.add_column("order", Align::right);
    orders.add_column("migratetype", Align::left);
    for (const char* heading : {"allocations", "failed here"}) orders.add_column(heading, Align::right);
    for (const AllocationCount& row : report.by_order)
        orders.add_row({std::to_string(row.order), row.migratetype, grouped(row.asked), grouped(row.failed)});
    TextTable pairs;
    pairs.add_column("counted by both", Align::left);
    for (const char* heading : {"recorded", "model"}) pairs.add_column(heading, Align::right);
    for (const CountPair& pair : report.compared)
        pairs.add_row({pair.name, pair.was_recorded ? grouped(pair.recorded) : "none in the trace", grouped(pair.model)});
    TextTable zones;
    zones.add_column("zone", Align::left);
    for (const char* heading : {"free pages before", "after"}) zones.add_column(heading, Align::right);
    for (const ZoneChange& zone : report.zones) zones.add_row({zone.zone, grouped(zone.free_before), grouped(zone.free_after)});
    return out + "\n" + orders.render() + "\n" + pairs.render() + "\n" + zones.render();
}

// What no replay without a snapshot can tell.
constexpr std::string_view kLimits =
    "not predicted: page frame numbers and the order of free lists (the start's addresses are made up), zones (the zonelist "
    "decides,\nbut for __GFP_DMA and __GFP_DMA32), pages that alloc_pages_bulk() handed out (it has no event), reclaim and "
    "compaction;\ncounts of both differ by what per-CPU lists held at the start\n";

constexpr std::string_view kUnprotected =
    "no allocation of the trace is one that workload.trace.unmapped names, so that the strategy had nothing to do\n";

bool protects(const UserReplayReport& report) {
    const Phase& phase = report.result.workloads.front().phases.front();
    return phase.metrics.at("pages") > 0;
}

ordered_json named_json(const std::vector<NamedCount>& counts) {
    ordered_json out = ordered_json::object();
    for (const NamedCount& count : counts) out[count.name] = count.count;
    return out;
}

}  // namespace

std::string user_replay_text(const UserReplayReport& report) {
    const std::string& buddyinfo = report.result.workloads.front().proc.at("buddyinfo");
    return trace_part(report) + "\n" + model_part(report) + "\nbuddyinfo at the end\n" + buddyinfo + "\n" +
           comparison_table({{{}, report.result}}) + (protects(report) ? "" : std::string{kUnprotected}) + "\n" +
           ledger_report(report.result) + "\n" + statistics_report(report.result) + "\n" + std::string{kLimits} +
           fmt::format("{} of {} allocations served\n", grouped(report.allocations - report.failures),
                       grouped(report.allocations));
}

std::string user_replay_json(const UserReplayReport& report) {
    ordered_json out = ordered_json::object();
    out["file"] = report.file;
    out["format"] = report.format;
    out["start"] = report.start;
    out["notes"] = report.notes;
    out["events"] = named_json(report.events);
    out["skipped"] = named_json(report.skipped);
    out["unknown_gfp"] = named_json(report.unknown_gfp);
    out["lost_events"] = report.lost_events;
    out["lost_without_number"] = report.lost_without_number;
    out["failed_in_recording"] = report.failed_in_recording;
    out["unknown_frees"] = report.unknown_frees;
    out["unknown_pages"] = report.unknown_pages;
    out["missing_frees"] = report.missing_frees;
    out["allocations"] = report.allocations;
    out["frees"] = report.frees;
    out["failures"] = report.failures;
    out["overlaps"] = report.overlaps;
    out["by_order"] = ordered_json::array();
    for (const AllocationCount& row : report.by_order)
        out["by_order"].push_back(
            {{"order", row.order}, {"migratetype", row.migratetype}, {"asked", row.asked}, {"failed", row.failed}});
    out["compared"] = ordered_json::array();
    for (const CountPair& pair : report.compared)
        out["compared"].push_back({{"name", pair.name},
                                   {"recorded", pair.was_recorded ? ordered_json(pair.recorded) : ordered_json()},
                                   {"model", pair.model}});
    out["zones"] = ordered_json::array();
    for (const ZoneChange& zone : report.zones)
        out["zones"].push_back({{"zone", zone.zone}, {"free_before", zone.free_before}, {"free_after", zone.free_after}});
    out["result"] = ordered_json::parse(to_json(report.result));
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
