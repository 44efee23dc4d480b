// Runs points in child processes, a few at a time. The parent elaborates nothing: SystemC's state belongs to a process, and a
// point that crashes takes only its child with it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/config/experiment.h"
#include "platforms/results/cost_estimate.h"

namespace spdlog {
class logger;
}

namespace splinter::platforms {

struct PointJob {
    ResolvedPoint point;
    std::string name;     // for messages
    std::string file;     // where its result goes, as JSON
    std::string command;  // what reproduces it alone
    Estimate estimate{};
    bool has_failed = false;  // when the sweep was run before: tried after the others
};

struct PoolLimits {
    unsigned at_once = 1;
    std::optional<std::chrono::milliseconds> point_timeout;
    std::uint64_t memory_budget;  // bytes, for all points that run at a time
};

// How one point ended.
struct PointEnd {
    int exit_code;        // kExitOk, and the file is there; kExitNotStarted; or the code that `splinter run` would give,
                          // kExitDisagreement if it passed a limit
    std::string message;  // why it failed
    HostCost cost;
};

inline constexpr int kExitNotStarted = -1;  // the disk was full

using OnPointEnd = std::function<void(const PointJob&, const PointEnd&)>;

// Exit codes of the points, in their order. Failures are reported to the log with the command that reproduces them; the other
// points go on, unless results can no longer be written. `on_end` is called for each point that ran, as it ends.
std::vector<int> run_points(const std::vector<PointJob>& jobs, const PoolLimits& limits, std::string_view version,
                            spdlog::logger& log, const OnPointEnd& on_end);

}  // namespace splinter::platforms
