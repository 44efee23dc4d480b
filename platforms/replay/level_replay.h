// Replays of a recorded kernel's trace without time, on the allocator that the timed runs use: starts from the first snapshot,
// predicts what the trace's lines say, compares with the last snapshot. The rules are those of the kernel that was recorded.
#pragma once

#include "platforms/replay/level_report.h"
#include "platforms/workload/kernel_trace.h"

namespace splinter::platforms {

// UserError: no such directory, damaged trace, a kernel whose rules are not modelled.
[[nodiscard]] LevelReport replay_at_level(const std::string& directory, ReplayLevel level);

// Level buddy. Inputs: what each take asks for (order and migratetype of L and X lines), what comes back (D lines, frees that
// no per-CPU list serves). Predicted: the block of each L and X line.
[[nodiscard]] LevelReport replay_buddy(const KernelTrace& trace);

// Level pcp. Inputs: A and F lines without their blocks' numbers but for the zone, B, R, P. Predicted: the block of each A, L,
// X and D line. L and D lines tell when a refill or drain happened on several CPUs, not what it did.
[[nodiscard]] LevelReport replay_pcp(const KernelTrace& trace);

}  // namespace splinter::platforms
