#include "alloc/kernel_params.h"

#include <algorithm>

namespace splinter::alloc {

void describe(KernelParams& p, ParamVisitor& v) {
    {
        const ParamGroup group{v, "kernel"};
        v.choice("version", p.version, {"6.1", "6.12"},
                 "whose page-allocator rules (mm/page_alloc.c of 6.1.192 or 6.12.117); freetypes exist on 6.12 only");
        v.count("flush_ceiling", p.flush_ceiling, {0, 1'000'000},
                "tlb_single_page_flush_ceiling: ranges of more pages flush everything");
        v.count("pcp_batch", p.pcp_batch, {1, 4096}, "pages per refill or drain of a per-CPU list");
        v.count("pcp_high", p.pcp_high, {1, 1'000'000},
                "pages on a CPU's lists before it drains; 6.12 moves this limit between it and pcp_high_max");
        v.count("pcp_high_max", p.pcp_high_max, {1, 10'000'000},
                "6.12: the most that the limit rises to; in any zone at most an eighth of it, shared by the CPUs "
                "(zone_highsize())");
        v.flag("compaction", p.compaction,
               "direct compaction: the slow path migrates movable pages to make a free block (CONFIG_COMPACTION)");
        v.count("pcp_trylock_fails", p.pcp_trylock_fails, {0, 1'000'000},
                "for tests: every Nth trylock of a CPU's lists fails as if an interrupt had found them locked; 0: none");
    }
    const ParamGroup group{v, "flush"};
    v.count("batch_pages", p.batch_pages, {1, 262'144}, "strategy batched: pages unmapped by one call");
}

PcpState pcp_limits(const KernelParams& params) {
    PcpState limits;
    limits.batch = PageCount{params.pcp_batch};
    limits.high = limits.high_min = PageCount{params.pcp_high};
    limits.high_max = PageCount{std::max(params.pcp_high, params.pcp_high_max)};
    return limits;
}

}  // namespace splinter::alloc
