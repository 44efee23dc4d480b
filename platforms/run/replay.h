// Replays a real kernel's allocation trace from its first snapshot and compares the free pages at the end with its last one.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/replay_result.h"

namespace splinter::platforms {

// `sets` are the texts after --set. Throws UserError: no such directory, truncated or garbled trace, unknown key.
ReplayReport replay_trace(const std::string& directory, const std::vector<std::string>& sets);

}  // namespace splinter::platforms
