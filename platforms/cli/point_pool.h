// Runs points in child processes, a few at a time. The parent elaborates nothing: SystemC's state belongs to a process, and a
// point that crashes takes only its child with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platforms/config/experiment.h"

namespace spdlog {
class logger;
}

namespace splinter::platforms {

struct PointJob {
    ResolvedPoint point;
    std::string name;     // for messages
    std::string file;     // where its result goes, as JSON
    std::string command;  // what reproduces it alone
};

// Exit codes of the points, in their order: kExitOk and the file exists, or the code that `splinter run` would give. Failures
// are reported to the log with the command that reproduces them; the other points go on.
std::vector<int> run_points(const std::vector<PointJob>& jobs, unsigned at_once, std::string_view version, spdlog::logger& log);

}  // namespace splinter::platforms
