// A state of the allocator that has the free blocks of buddyinfo and pagetypeinfo. The files tell how many blocks there are,
// not where: addresses here are made up, the same for the same counts. What holds of a real machine holds here too: zones one
// behind the other, blocks aligned, no two free buddies below the largest order, blocks below pageblock order in pageblocks of
// their type.
#pragma once

#include "platforms/workload/kernel_snapshot.h"
#include "platforms/workload/proc_free_lists.h"

namespace splinter::platforms {

struct ProcStart {
    KernelSnapshot snapshot;         // per-CPU lists are empty: the files do not tell of them
    std::vector<std::string> notes;  // those of the lists, and what was assumed here
};

// `cpus` of the recording. Pageblocks that the counts need and pagetypeinfo does not have are added.
[[nodiscard]] ProcStart place_free_lists(const ProcFreeLists& lists, unsigned cpus);

}  // namespace splinter::platforms
