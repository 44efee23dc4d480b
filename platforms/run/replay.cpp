#include "platforms/run/replay.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "platforms/config/experiment.h"
#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "platforms/workload/trace_workload.h"

namespace splinter::platforms {
namespace {

using Json = nlohmann::json;

// Cores: as many as the recording had, unless --set says otherwise. No warm-up: nothing is measured against it.
ResolvedPoint replay_point(const std::string& directory, const std::vector<std::string>& sets) {
    std::vector<std::string> all{"workload.run=trace"};
    const bool chosen =
        std::any_of(sets.begin(), sets.end(), [](const std::string& set) { return set.starts_with("platform.cores="); });
    if (!chosen) all.push_back("platform.cores=" + std::to_string(load_kernel_snapshot(directory + "/snap0.json").cpus));
    all.insert(all.end(), sets.begin(), sets.end());
    ResolvedPoint point = Experiment::load("", all).resolve_single();
    point.config.workload.trace.directory = directory;
    const auto entry = std::find_if(point.entries.begin(), point.entries.end(),
                                    [](const ConfigEntry& e) { return e.key == "workload.trace.directory"; });
    entry->value = directory;
    entry->origin = "command line";
    return point;
}

std::vector<ZoneBalance> balance(const TraceWorkload& workload, Session& session) {
    std::vector<ZoneBalance> zones;
    alloc::PageAllocator& pages = session.node().kernel().pages();
    for (std::size_t i = 0; i < pages.zones().size(); ++i) {
        const alloc::Zone& zone = pages.zones()[i];
        std::uint64_t free = pages.free_pages(zone).raw();
        for (Pfn page : session.node().kernel_pages()) free += zone.contains(page) ? 1 : 0;  // boot took them, not the trace
        zones.push_back({zone.layout().name, free_pages(workload.source().after->zones[i]).raw(), free});
    }
    return zones;
}

std::string simulate(const RunConfig& config) {
    TraceWorkload workload{config, TraceWorkload::Failures::are_counted};
    Session session{config, workload};
    session.run();
    const TraceWorkload::Counts& counts = workload.counts();
    RunResult result;
    result.workloads.push_back(measure("trace", workload, session));
    Json report{{"counts", {counts.events, counts.allocations, counts.frees, counts.failures, counts.overlaps}},
                {"result", to_json(result)}};
    for (const ZoneBalance& zone : balance(workload, session))
        report["zones"].push_back({zone.zone, zone.expected_free, zone.free});
    return report.dump();
}

}  // namespace

bool ReplayReport::agrees() const {
    const bool balanced =
        std::all_of(zones.begin(), zones.end(), [](const ZoneBalance& z) { return z.expected_free == z.free; });
    return failures == 0 && overlaps == 0 && (balanced || !free_pages_compared);
}

ReplayReport replay_trace(const std::string& directory, const std::vector<std::string>& sets) {
    const ResolvedPoint point = replay_point(directory, sets);
    const Json child = Json::parse(run_in_child([&] { return simulate(point.config); }));
    ReplayReport report{};
    const Json& counts = child.at("counts");
    report.events = counts[0];
    report.allocations = counts[1];
    report.frees = counts[2];
    report.failures = counts[3];
    report.overlaps = counts[4];
    for (const Json& zone : child.at("zones")) report.zones.push_back({zone[0], zone[1], zone[2]});
    report.free_pages_compared = point.config.workload.trace.unmapped.empty();
    report.result = run_result_from_json(child.at("result"), "replay");
    report.result.config = point.entries;
    return report;
}

}  // namespace splinter::platforms
