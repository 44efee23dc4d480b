// How a replay of a real kernel's trace went, for people and as JSON.
#pragma once

#include <string>

#include "platforms/run/replay_result.h"

namespace splinter::platforms {

// The last line is "N of M zones agree", or says why the zones were not compared.
std::string replay_text(const ReplayReport& report);

std::string replay_json(const ReplayReport& report, const std::string& program_version);

}  // namespace splinter::platforms
