// A recorded kernel allocation trace: the events with the allocator's state before and after them. It is a directory of
// trace.csv, snap0.json and snap1.json, each plain or .xz.
#pragma once

#include <string>

#include "platforms/workload/kernel_snapshot.h"
#include "platforms/workload/kernel_trace_log.h"

namespace splinter::platforms {

struct KernelTrace {
    KernelSnapshot before;  // snap0
    KernelSnapshot after;   // snap1
    TraceLog log;
};

// UserError for anything missing or damaged, and for parts that do not belong together: snapshots of different machines,
// events of cpus or pages that the snapshot does not have.
[[nodiscard]] KernelTrace load_kernel_trace(const std::string& directory);

}  // namespace splinter::platforms
