// The direct map under a recorded allocation trace: starting from the recorded leaves (dmap0.txt), the I and J lines (pages
// taken out and put back) predict every large-page split and so every T line (flush_tlb_all), and the leaves at the end
// (dmap1.txt). The K lines (flush_tlb_kernel_range) must be one page each, one that was taken out. If there is
// a dmap_check.json, its totals are compared as well.
#pragma once

#include <string>

#include "platforms/conform/conform_report.h"

namespace splinter::platforms {

// Does nothing if the directory has no dmap0.txt, plain or .xz: most traces do not touch the direct map. UserError.
void run_direct_map_of_trace(const std::string& directory, ConformReport& report);

}  // namespace splinter::platforms
