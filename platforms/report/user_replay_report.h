// What `splinter replay FILE` prints, and its JSON.
#pragma once

#include <string>

#include "platforms/run/replay_result.h"

namespace splinter::platforms {

std::string user_replay_text(const UserReplayReport& report);
std::string user_replay_json(const UserReplayReport& report);

}  // namespace splinter::platforms
