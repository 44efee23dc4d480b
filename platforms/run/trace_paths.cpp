#include "platforms/run/trace_paths.h"

#include <algorithm>
#include <filesystem>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

// One path parameter: its key, and where its value is kept.
struct PathRow {
    const char* key;
    std::string TraceParams::*member;
};
constexpr PathRow kPaths[] = {{"workload.trace.directory", &TraceParams::directory},
                              {"workload.trace.file", &TraceParams::file},
                              {"workload.trace.buddyinfo", &TraceParams::buddyinfo},
                              {"workload.trace.pagetypeinfo", &TraceParams::pagetypeinfo}};

std::string resolved(const ResolvedPoint& point, const char* key, const std::string& path) {
    const auto entry =
        std::find_if(point.entries.begin(), point.entries.end(), [&](const ConfigEntry& e) { return e.key == key; });
    if (path.empty() || fs::path{path}.is_absolute() || entry == point.entries.end()) return path;
    // A file origin reads "path:line:column".
    const std::size_t column = entry->origin.rfind(':');
    const std::size_t line = column == std::string::npos ? column : entry->origin.rfind(':', column - 1);
    if (line == std::string::npos) return path;
    return (fs::path{entry->origin.substr(0, line)}.parent_path() / path).lexically_normal().string();
}

void check(const TraceParams& trace) {
    if (trace.directory.empty() && trace.file.empty())
        throw UserError("workload.trace.directory", "not set, needed by the workload trace",
                        "name a directory with trace.csv, snap0.json and snap1.json, or a text of kmem events with "
                        "workload.trace.file");
    if (!trace.directory.empty() && !trace.file.empty())
        throw UserError("workload.trace.file", "found beside workload.trace.directory", "name one of them");
    if (trace.file.empty() && !(trace.buddyinfo.empty() && trace.pagetypeinfo.empty()))
        throw UserError(trace.buddyinfo.empty() ? "workload.trace.pagetypeinfo" : "workload.trace.buddyinfo",
                        "does nothing without workload.trace.file: a directory brings a snapshot");
    std::error_code ignored;
    if (!trace.directory.empty() && !fs::is_directory(trace.directory, ignored))
        throw UserError("workload.trace.directory", "no such directory: " + trace.directory);
    for (const PathRow& row : kPaths) {
        const std::string& path = trace.*row.member;
        if (row.member == &TraceParams::directory || path.empty()) continue;
        if (!fs::exists(path, ignored) && !fs::exists(path + ".xz", ignored)) throw UserError(row.key, "no such file: " + path);
    }
}

}  // namespace

TraceParams resolved_trace(const ResolvedPoint& point) {
    TraceParams trace = point.config.workload.trace;
    for (const PathRow& row : kPaths) trace.*row.member = resolved(point, row.key, trace.*row.member);
    const std::vector<std::string>& run = point.config.workload.run;
    if (std::find(run.begin(), run.end(), "trace") != run.end()) check(trace);
    return trace;
}

std::string resolved_direct_map_layout(const ResolvedPoint& point) {
    return resolved(point, "kernel.direct_map.layout", point.config.kernel.direct_map.layout);
}

}  // namespace splinter::platforms
