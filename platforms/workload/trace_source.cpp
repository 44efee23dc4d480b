#include "platforms/workload/trace_source.h"

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

TraceSource load_directory(const TraceParams& params) {
    KernelTrace trace = load_kernel_trace(params.directory);
    TraceScript script{trace, UnmappedShare{params.unmapped, trace.log.gfp}};
    const std::uint64_t events = trace.log.events.size();
    return {std::move(trace.before), false, std::move(trace.after), std::move(script), events, std::nullopt};
}

TraceSource load_file(const RunConfig& config) {
    const TraceParams& params = config.workload.trace;
    UserTraceFacts facts;
    facts.trace = load_user_trace(params.file);
    TraceSource source{{}, params.buddyinfo.empty() && params.pagetypeinfo.empty(), std::nullopt, {{}, 0}, 0, std::nullopt};
    const auto cpus = static_cast<unsigned>(facts.trace.cpus);
    std::vector<std::string> zones{"DMA", "DMA32"};
    if (source.starts_empty) {
        source.before.cpus = cpus;
        constexpr std::uint64_t kDmaBytes = std::uint64_t{16} << 20;
        if (config.platform.memory <= kDmaBytes) zones.pop_back();  // plan_zones()
    } else {
        ProcStart start = place_free_lists(load_proc_free_lists(params.buddyinfo, params.pagetypeinfo), cpus);
        source.before = std::move(start.snapshot);
        facts.notes = std::move(start.notes);
        zones.clear();
        for (const SnapshotZone& zone : source.before.zones) zones.push_back(zone.name);
    }
    if (facts.trace.busy_cpus * 2 < facts.trace.cpus)
        facts.notes.push_back("only " + std::to_string(facts.trace.busy_cpus) + " of the CPUs up to number " +
                              std::to_string(facts.trace.cpus - 1) +
                              " have events; --set platform.cores=N runs those of CPU c on core c mod N");
    UserTraceScript made = make_user_script(facts.trace, UnmappedShare{params.unmapped, facts.trace.log.gfp}, zones);
    source.script = std::move(made.script);
    source.events = facts.trace.log.events.size();
    facts.unknown_frees = made.unknown_frees;
    facts.unknown_pages = made.unknown_pages;
    facts.missing_frees = made.missing_frees;
    source.user = std::move(facts);
    return source;
}

}  // namespace

TraceSource load_trace_source(const RunConfig& config) {
    return config.workload.trace.file.empty() ? load_directory(config.workload.trace) : load_file(config);
}

}  // namespace splinter::platforms
