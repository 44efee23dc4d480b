#include "platforms/replay/level_replay.h"

#include "alloc/buddy/kernel_rules.h"
#include "hw/base/user_error.h"

namespace splinter::platforms {

LevelReport replay_at_level(const std::string& directory, ReplayLevel level) {
    const KernelTrace trace = load_kernel_trace(directory);
    if (alloc::find_kernel_rules(trace.before.kernel) == nullptr)
        throw UserError(trace.before.path, "recorded on Linux " + trace.before.kernel + ", whose allocator is not modelled",
                        "modelled: 6.1, 6.12");
    return level == ReplayLevel::buddy ? replay_buddy(trace) : replay_pcp(trace);
}

}  // namespace splinter::platforms
