// Replays a user's trace (workload/user_trace.h) on a machine that starts with the free blocks of buddyinfo and pagetypeinfo,
// or empty.
#pragma once

#include <string>
#include <vector>

#include "platforms/run/replay_result.h"

namespace splinter::platforms {

struct UserTraceFiles {
    std::string trace;
    std::string buddyinfo, pagetypeinfo;  // "": not given
};

// `sets` are the texts after --set. Throws UserError: unreadable or malformed file, unknown key.
UserReplayReport replay_user_trace(const UserTraceFiles& files, const std::vector<std::string>& sets);

}  // namespace splinter::platforms
