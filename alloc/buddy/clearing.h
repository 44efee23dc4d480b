// clear_page() of runs of pages: through the direct map, or through a temporary per-CPU mapping (mermap) for pages that are not
// in it. Leaves out: mermap's own page tables and flushes, the fall-back to its reserve; its cost is the Step `local_map`.
#pragma once

#include "alloc/counters.h"
#include "alloc/cpu.h"
#include "hw/base/types.h"

namespace splinter::alloc {

// clear_highpage() through the direct map. REQUIRES: mapped.
void clear_mapped(Cpu& cpu, KernelCounters& counters, PfnRange range);
// clear_page_mermap() [C early], or the page cache's own clearing [M late].
void clear_unmapped(Cpu& cpu, KernelCounters& counters, PfnRange range);

}  // namespace splinter::alloc
