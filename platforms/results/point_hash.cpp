#include "platforms/results/point_hash.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "platforms/report/atomic_file.h"
#include "platforms/results/fnv1a.h"
#include "platforms/run/trace_paths.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kShowsOnly = "report.";

std::string digest_of_file(const fs::path& path) {
    Fnv1a digest;
    digest.add_text(read_file(path.string()));
    return digest.hex();
}

// By name, so that the order in which the system lists them does not matter.
std::set<fs::path> files_in(const fs::path& folder) {
    std::set<fs::path> files;
    std::error_code error;  // what cannot be listed is refused when it is simulated
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
        if (entry.is_regular_file(error)) files.insert(entry.path());
    return files;
}

void add_config(Fnv1a& hash, const ResolvedPoint& point) {
    for (const ConfigEntry& entry : point.entries) {
        if (entry.key.starts_with(kShowsOnly)) continue;
        hash.add_text(entry.key);
        hash.add_text(entry.value);
    }
}

}  // namespace

std::string config_hash(const ResolvedPoint& point) {
    Fnv1a hash;
    add_config(hash, point);
    return hash.hex();
}

PointHasher::PointHasher(std::string_view program_version)
    : program_{
          fmt::format("splinter {} schema {} program {}", program_version, kResultSchema, digest_of_file("/proc/self/exe"))} {}

std::string PointHasher::hash(const ResolvedPoint& point) {
    Fnv1a hash;
    hash.add_text(program_);
    add_config(hash, point);
    const std::vector<std::string>& run = point.config.workload.run;
    if (std::find(run.begin(), run.end(), "trace") != run.end()) {
        const TraceParams trace = resolved_trace(point);
        for (const std::string& path : {trace.directory, trace.file, trace.buddyinfo, trace.pagetypeinfo})
            hash.add_text(path.empty() ? "" : digest_of(path));
    }
    const std::string layout = resolved_direct_map_layout(point);
    hash.add_text(layout.empty() ? "" : digest_of(layout));
    return hash.hex();
}

const std::string& PointHasher::digest_of(const std::string& path) {
    const auto [found, is_new] = digests_.try_emplace(path);
    if (!is_new) return found->second;
    std::error_code error;
    if (!fs::is_directory(path, error)) return found->second = digest_of_file(fs::exists(path, error) ? path : path + ".xz");
    Fnv1a digest;
    for (const fs::path& file : files_in(path)) {
        digest.add_text(file.filename().string());
        digest.add_text(digest_of_file(file));
    }
    return found->second = digest.hex();
}

}  // namespace splinter::platforms
