#include "alloc/kernel_params.h"

#include <algorithm>

namespace splinter::alloc {

namespace {

void describe(FreetypeParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "freetype"};
    v.choice("generation", p.generation, {"late", "early"},
             "whose rules strategy freetype follows: late (v3 of the ALLOC_UNMAPPED series) or early (its RFC); "
             "alloc/buddy/README.md lists the differences");
    v.choice("flip_unit", p.flip_unit, {"64KiB", "2MiB", "1GiB"},
             "memory that leaves or enters the direct map at once; the series flips pageblocks of 2MiB");
    v.flag("refill_flips", p.refill_flips,
           "whether the refill of a per-CPU list may flip a block when it finds none; in the series it never does");
    v.choice(
        "scrub", p.scrub, {"generation", "on-remap", "on-free", "on-alloc"},
        "when memory that was unmapped is cleared before others see it: as the generation does (late: whole blocks on-remap; "
        "early: never), each page on-free, or each page when a mapped request takes it (on-alloc)");
}

}  // namespace

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
        v.text("freetypes", p.freetypes,
               "free lists beside the migratetypes' own, as FLAG[+FLAG]:MIGRATETYPE[+MIGRATETYPE], comma separated (in a file: "
               "--set "
               "takes commas as values of an axis), or none; flags: unmapped, pgtable-key");
    }
    describe(p.freetype, v);
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
