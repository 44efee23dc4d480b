#include "alloc/buddy/clearing.h"

#include "alloc/accounts.h"
#include "alloc/layout.h"

namespace splinter::alloc {

void clear_mapped(Cpu& cpu, KernelCounters& counters, PfnRange range) {
    const Account account{cpu, kZero};
    counters.pages_zeroed += range.count.raw();
    for (Pfn page = range.first; page < range.end(); page += PageCount{1}) {
        cpu.touch(layout::direct_map(page), Touch::owned);
        cpu.retire(Step::clear_page);
    }
}

}  // namespace splinter::alloc
