#include "alloc/kernel_params.h"

namespace splinter::alloc {

void describe(KernelParams& p, ParamVisitor& v) {
    {
        const ParamGroup group{v, "kernel"};
        v.choice("version", p.version, {"6.12"}, "whose allocator rules");
        v.count("flush_ceiling", p.flush_ceiling, {0, 1'000'000},
                "tlb_single_page_flush_ceiling: ranges of more pages flush everything");
        v.count("pcp_batch", p.pcp_batch, {1, 4096}, "pages per refill or drain of a per-CPU list");
        v.count("pcp_high", p.pcp_high, {1, 1'000'000}, "pages on a CPU's lists before it drains");
    }
    const ParamGroup group{v, "flush"};
    v.count("batch_pages", p.batch_pages, {1, 262'144}, "strategy batched: pages unmapped by one call");
}

}  // namespace splinter::alloc
