#include "platforms/run/user_replay.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "platforms/config/experiment.h"
#include "platforms/run/check_point.h"
#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "platforms/workload/trace_workload.h"

namespace splinter::platforms {

namespace {

using Json = nlohmann::json;

// What the model's tracepoints say, for the events that a trace may have.
class EventCounter : public alloc::Tracepoints {
  public:
    void taken(Pfn, Order, alloc::Migratetype) override { ++takes; }
    void drained(Pfn, Order, alloc::Migratetype) override { ++drains; }
    void fell_back(const alloc::Fallback&) override { ++fallbacks; }
    std::uint64_t takes = 0;
    std::uint64_t drains = 0;
    std::uint64_t fallbacks = 0;
};

bool sets(const std::vector<std::string>& texts, const char* key) {
    return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) { return text.starts_with(key); });
}

ResolvedPoint point_of(const UserTraceFiles& files, const std::vector<std::string>& texts) {
    std::vector<std::string> all{"workload.run=trace"};
    if (!sets(texts, "platform.cores=")) all.push_back("platform.cores=" + std::to_string(load_user_trace(files.trace).cpus));
    all.insert(all.end(), texts.begin(), texts.end());
    ResolvedPoint point = Experiment::load("", all).resolve_single();
    const auto name = [&](const char* key, std::string TraceParams::*member, const std::string& path) {
        if (path.empty()) return;
        point.config.workload.trace.*member = path;
        const auto entry =
            std::find_if(point.entries.begin(), point.entries.end(), [&](const ConfigEntry& e) { return e.key == key; });
        entry->value = path;
        entry->origin = "command line";
    };
    name("workload.trace.file", &TraceParams::file, files.trace);
    name("workload.trace.buddyinfo", &TraceParams::buddyinfo, files.buddyinfo);
    name("workload.trace.pagetypeinfo", &TraceParams::pagetypeinfo, files.pagetypeinfo);
    check_point(point);
    return point;
}

std::vector<std::uint64_t> free_by_zone(alloc::PageAllocator& pages) {
    std::vector<std::uint64_t> free;
    for (const alloc::Zone& zone : pages.zones()) free.push_back(pages.free_pages(zone).raw());
    return free;
}

Json named(const std::map<std::string, std::uint64_t>& counts) {
    Json list = Json::array();
    for (const auto& [name, count] : counts) list.push_back({name, count});
    return list;
}

// Asked and failed, by order and migratetype.
Json by_order(const TraceWorkload& workload) {
    std::map<std::pair<unsigned, unsigned>, std::pair<std::uint64_t, std::uint64_t>> counts;
    for (const TraceOperation& operation : workload.source().script.operations()) {
        if (operation.kind != TraceOperation::Kind::allocate) continue;
        auto& [asked, failed] = counts[{operation.order.index(), operation.migratetype}];
        ++asked;
        failed += workload.failed(operation) ? 1 : 0;
    }
    Json list = Json::array();
    for (const auto& [key, value] : counts)
        list.push_back({key.first, alloc::kMigratetypeNames.at(key.second), value.first, value.second});
    return list;
}

Json compared(const UserTrace& trace, const EventCounter& model) {
    const auto row = [&](const char* event, std::uint64_t count) {
        const std::uint64_t recorded = trace.events.at(event);
        return Json{event, recorded, count, recorded > 0};
    };
    return Json{row("mm_page_alloc_extfrag", model.fallbacks), row("mm_page_alloc_zone_locked", model.takes),
                row("mm_page_pcpu_drain", model.drains)};
}

std::string simulate(const RunConfig& config) {
    TraceWorkload workload{config, TraceWorkload::Failures::are_counted};
    Session session{config, workload};
    EventCounter counter;
    alloc::PageAllocator& pages = session.node().kernel().pages();
    for (alloc::Zone& zone : pages.zones()) zone.set_tracepoints(&counter);
    const std::vector<std::uint64_t> before = free_by_zone(pages);
    session.run();
    const std::vector<std::uint64_t> after = free_by_zone(pages);
    RunResult result;
    result.workloads.push_back(measure("trace", workload, session));
    const TraceWorkload::Counts& counts = workload.counts();
    const UserTraceFacts& facts = *workload.source().user;
    Json report{{"format", name_of(facts.trace.format)},
                {"notes", facts.notes},
                {"events", named(facts.trace.events)},
                {"skipped", named(facts.trace.skipped)},
                {"unknown_gfp", named(facts.trace.unknown_gfp)},
                {"lost", {facts.trace.lost_events, facts.trace.lost_without_number}},
                {"failed_in_recording", facts.trace.failed_allocations},
                {"frees", {facts.unknown_frees, facts.unknown_pages, facts.missing_frees}},
                {"counts", {counts.allocations, counts.frees, counts.failures, counts.overlaps}},
                {"by_order", by_order(workload)},
                {"compared", compared(facts.trace, counter)},
                {"zones", Json::array()},
                {"result", to_json(result)}};
    for (std::size_t i = 0; i < before.size(); ++i)
        report["zones"].push_back({pages.zones()[i].layout().name, before[i], after[i]});
    return report.dump();
}

std::vector<NamedCount> read_named(const Json& list) {
    std::vector<NamedCount> counts;
    for (const Json& item : list) counts.push_back({item[0], item[1]});
    return counts;
}

// The text of the child, but for what only the point knows.
UserReplayReport read_report(const Json& child) {
    UserReplayReport report{};
    report.format = child.at("format");
    for (const Json& note : child.at("notes")) report.notes.push_back(note);
    report.events = read_named(child.at("events"));
    report.skipped = read_named(child.at("skipped"));
    report.unknown_gfp = read_named(child.at("unknown_gfp"));
    report.lost_events = child.at("lost")[0];
    report.lost_without_number = child.at("lost")[1];
    report.failed_in_recording = child.at("failed_in_recording");
    const Json& frees = child.at("frees");
    report.unknown_frees = frees[0];
    report.unknown_pages = frees[1];
    report.missing_frees = frees[2];
    const Json& counts = child.at("counts");
    report.allocations = counts[0];
    report.frees = counts[1];
    report.failures = counts[2];
    report.overlaps = counts[3];
    for (const Json& row : child.at("by_order")) report.by_order.push_back({row[0], row[1], row[2], row[3]});
    for (const Json& row : child.at("compared")) report.compared.push_back({row[0], row[1], row[2], row[3]});
    for (const Json& row : child.at("zones")) report.zones.push_back({row[0], row[1], row[2]});
    report.result = run_result_from_json(child.at("result"), "replay");
    return report;
}

std::string start_of(const UserTraceFiles& files, const ResolvedPoint& point) {
    if (!files.buddyinfo.empty() && !files.pagetypeinfo.empty()) return files.buddyinfo + " and " + files.pagetypeinfo;
    if (!files.buddyinfo.empty() || !files.pagetypeinfo.empty()) return files.buddyinfo + files.pagetypeinfo;
    const auto memory = std::find_if(point.entries.begin(), point.entries.end(),
                                     [](const ConfigEntry& entry) { return entry.key == "platform.memory"; });
    return "an empty machine of " + memory->value;
}

}  // namespace

UserReplayReport replay_user_trace(const UserTraceFiles& files, const std::vector<std::string>& sets) {
    const ResolvedPoint point = point_of(files, sets);
    UserReplayReport report = read_report(Json::parse(run_in_child([&] { return simulate(point.config); })));
    report.file = files.trace;
    report.start = start_of(files, point);
    report.result.config = point.entries;
    return report;
}

}  // namespace splinter::platforms
