#include "platforms/run/trace_directory.h"

#include <algorithm>
#include <filesystem>

#include "hw/base/user_error.h"

namespace splinter::platforms {

std::string resolved_trace_directory(const ResolvedPoint& point) {
    namespace fs = std::filesystem;
    const std::string& directory = point.config.workload.trace.directory;
    const auto entry = std::find_if(point.entries.begin(), point.entries.end(),
                                    [](const ConfigEntry& e) { return e.key == "workload.trace.directory"; });
    const std::vector<std::string>& run = point.config.workload.run;
    if (std::find(run.begin(), run.end(), "trace") == run.end()) return directory;
    if (directory.empty())
        throw UserError("workload.trace.directory", "not set, needed by the workload trace",
                        "name a directory with trace.csv, snap0.json and snap1.json");
    if (fs::path{directory}.is_absolute() || entry == point.entries.end()) return directory;
    // A file origin reads "path:line:column".
    const std::size_t column = entry->origin.rfind(':');
    const std::size_t line = column == std::string::npos ? column : entry->origin.rfind(':', column - 1);
    if (line == std::string::npos) return directory;
    return (fs::path{entry->origin.substr(0, line)}.parent_path() / directory).lexically_normal().string();
}

}  // namespace splinter::platforms
