// What must hold in a snapshot beyond each value's own range: blocks aligned, inside their zone, none free twice.
#pragma once

#include "platforms/workload/kernel_snapshot.h"

namespace splinter::platforms {

// UserError: origin is the snapshot's path, the message begins with the place: zones[1].free[3].pfns[7].
void check_kernel_snapshot(const KernelSnapshot& snapshot);

}  // namespace splinter::platforms
