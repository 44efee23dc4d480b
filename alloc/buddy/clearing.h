// clear_page() of runs of pages through the direct map; alloc/mm/mermap.h for pages that are not in it.
#pragma once

#include "alloc/counters.h"
#include "alloc/cpu.h"
#include "hw/base/types.h"

namespace splinter::alloc {

// clear_highpage() through the direct map. REQUIRES: mapped.
void clear_mapped(Cpu& cpu, KernelCounters& counters, PfnRange range);

}  // namespace splinter::alloc
