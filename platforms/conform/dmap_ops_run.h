// Recorded operations on a kernel's direct map (dmap_ops.csv): set_direct_map_*(), set_memory_*() and flushes, one after the
// other on the leaves that the kernel had, each with what it counted, and the leaves at the end. Beside the table stands
// dmap_layouts/RUN.dmap0 and RUN.dmap1, plain or .xz.
#pragma once

#include <string>
#include <string_view>

#include "hw/machine_params.h"
#include "platforms/conform/conform_report.h"

namespace splinter::platforms {

// All rows into the report. Throws UserError with file:line:column.
void run_dmap_operations(const std::string& path, std::string_view text, const hw::MachineParams& machine,
                         ConformReport& report);

}  // namespace splinter::platforms
