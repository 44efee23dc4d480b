// The zones of a replay: built from a snapshot, brought back in step after a difference, compared with a snapshot at the end.
#pragma once

#include <vector>

#include "alloc/buddy/page_allocator.h"
#include "platforms/replay/level_report.h"
#include "platforms/workload/kernel_trace.h"

namespace splinter::platforms {

// One frame more than the highest zone has.
[[nodiscard]] PageCount frames_of(const KernelSnapshot& snapshot);

// A frame of [block, block + order) is free in the model, on a buddy or a per-CPU list: what an earlier difference may leave.
// Such a block cannot be freed.
[[nodiscard]] bool overlaps_free(const alloc::Zone& zone, Pfn block, Order order);

// Takes [block, block + order) out of the free block that it is part of, if there is one that holds all of it; what is left
// goes to the heads of its lists, as a split leaves it.
bool take_out(alloc::Zone& zone, Pfn block, Order order);

// Free lists and pageblocks.
void compare_zone(const alloc::Zone& zone, const SnapshotZone& recorded, LevelReport& report);
// Whether something that the trace does not show may have moved the limits of a zone's lists (exception 4).
enum class Limits : std::uint8_t {
    predicted,
    may_have_sunk,  // 6.12, and the trace has no line of a decay: high may be less
    floated         // 6.12, and the zone was below its high watermark: any value
};
// The lists of one CPU, and the state that says how much they hold and move.
void compare_pcp(const alloc::Zone& zone, const alloc::PerCpuPages& lists, const SnapshotPcp& recorded, Limits limits,
                 LevelReport& report);
void compare_reserve(const alloc::Zone& zone, const SnapshotZone& recorded, LevelReport& report);

}  // namespace splinter::platforms
