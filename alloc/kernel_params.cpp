#include "alloc/kernel_params.h"

#include <algorithm>

namespace splinter::alloc {
namespace {

constexpr Limits kTime{0, 1'000'000'000'000};

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
    constexpr Limits kPages{0, 1'000'000'000};
    v.count("preflip_low", p.preflip_low, kPages,
            "free unmapped pages below which a kernel thread takes whole free blocks out of the direct map ahead of demand; 0: "
            "never, as in the series");
    v.count("preflip_high", p.preflip_high, kPages, "free unmapped pages at which that thread stops");
    v.count("return_above", p.return_above, kPages,
            "free unmapped pages above which the thread returns whole free unmapped blocks; 0: never, as in the series");
}

void describe(PageTableParams& p, ParamVisitor& v) {
    const ParamGroup kernel{v, "kernel"};
    const ParamGroup group{v, "page_tables"};
    v.choice("policy", p.policy, {"plain", "per-page", "pba", "pba-percpu", "freetype-key"},
             "where page-table pages come from, and whether they are under a protection key; alloc/tables/README.md");
    v.choice(
        "key_scope", p.key_scope, {"entry", "lazy", "ptl"},
        "around what IA32_PKRS is switched: each write of an entry, each lazy-MMU section, or as long as a page-table lock "
        "is held");
    v.choice("split_lock", p.split_lock, {"none", "global"},
             "lock over a whole change of the direct map that splits: none, as x86, or one for all, as arm64");
    v.choice(
        "flip_lock", p.flip_lock, {"mutex", "none"},
        "policy freetype-key: lock over the flip of a pageblock, which may take pages of the reserve; without one the reserve "
        "has to serve as many flips as there are CPUs");
    v.choice(
        "protect_split", p.protect_split, {"before-link", "after-link"},
        "policy per-page: whether the table of a split gets the key before it is linked, and may then need the split that it "
        "serves, or after, and is then unprotected for a while");
    v.text("refill_orders", p.refill_orders, "policies pba and pba-percpu: orders of refills, highest first, joined by +");
    v.count("reserve", p.reserve, {0, 4096},
            "policies pba, pba-percpu and freetype-key: pages that ordinary requests leave for splits of the direct map");
    v.count("percpu_pages", p.percpu_pages, {1, 512}, "policy pba-percpu: pages that a CPU takes from the list at once");
    v.choice(
        "mock", p.mock, {"none", "switch-only"},
        "switch-only: the key register is written as if page tables had a key, but none has: what the first measurement of "
        "kpkeys v5 did by accident");
}

void describe(DirectMapParams& p, ParamVisitor& v) {
    const ParamGroup group{v, "direct_map"};
    v.choice("largest_leaf", p.largest_leaf, {"1GiB", "2MiB", "4KiB"},
             "the largest leaf that boot maps memory with: 2MiB as on CPUs without 1GiB pages, 4KiB as with debug_pagealloc "
             "(one page of page tables per 2 MiB)");
    v.text("layout", p.layout,
           "a recorded direct map to start from, lines of `start end level flags`, plain or .xz; relative to the file that "
           "names it; empty: boot's choice, as for frames that it does not have");
    v.choice(
        "flush_stride", p.flush_stride, {"page", "leaf"},
        "how a flush of a range of the direct map counts against flush_ceiling: by pages, as Linux does, or (a variant) with "
        "one INVLPG per 2 MiB where all leaves are at least as large");
}

}  // namespace

void describe(KernelParams& p, ParamVisitor& v) {
    {
        const ParamGroup group{v, "kernel"};
        v.choice("version", p.version, {"6.1", "6.12"},
                 "whose page-allocator rules (mm/page_alloc.c of 6.1.192 or 6.12.117); freetypes exist on 6.12 only");
        v.count("flush_ceiling", p.flush_ceiling, {0, 1'000'000},
                "tlb_single_page_flush_ceiling: ranges of more pages flush everything");
        v.choice(
            "user_flush", p.user_flush, {"concurrent", "sequential"},
            "whether the CPU that flushes a user range does its own share while the others do theirs (since 5.13) or first");
        v.count("pcp_batch", p.pcp_batch, {1, 4096}, "pages per refill or drain of a per-CPU list");
        v.count("pcp_high", p.pcp_high, {1, 1'000'000},
                "pages on a CPU's lists before it drains; 6.12 moves this limit between it and pcp_high_max");
        v.count("pcp_high_max", p.pcp_high_max, {1, 10'000'000},
                "6.12: the most that the limit rises to; in any zone at most an eighth of it, shared by the CPUs "
                "(zone_highsize())");
        v.text(
            "freetypes", p.freetypes,
            "free lists beside the migratetypes' own, as FLAG[+FLAG]:MIGRATETYPE[+MIGRATETYPE], separated by spaces (or in a "
            "file by commas, which separate the values of an axis in --set), or none; flags: unmapped, pgtable-key");
        v.cycles(
            "stat_interval", p.stat_interval, kTime,
            "sysctl_stat_interval: how often each CPU's vmstat worker lets its per-CPU lists sink (1 s at 2.5 GHz); 0: never");
        v.choice(
            "pti", p.pti, {"off", "on"},
            "page-table isolation: entries from user mode write CR3, kernel leaves are not global, and a flush of one kernel "
            "address lets other address spaces be invalidated when they are next used");
        v.cycles("tick", p.tick, {1000, kTime.max},
                 "period of the scheduler's tick (CONFIG_HZ = 1000); armed with flush.mechanism latr only");
        v.flag("compaction", p.compaction,
               "direct compaction: the slow path migrates movable pages to make a free block (CONFIG_COMPACTION)");
        v.count("pcp_trylock_fails", p.pcp_trylock_fails, {0, 1'000'000},
                "for tests: every Nth trylock of a CPU's lists fails as if an interrupt had found them locked; 0: none");
        describe(p.direct_map, v);
    }
    describe(p.freetype, v);
    describe(p.page_tables, v);
    const ParamGroup group{v, "flush"};
    v.count("batch_pages", p.batch_pages, {1, 262'144}, "strategy batched: pages unmapped by one call");
    v.count("deferred_pages", p.deferred_pages, {1, 262'144},
            "strategy batched-deferred: pages handed out and not flushed yet, at which all are flushed");
    v.cycles("deferred_deadline", p.deferred_deadline, {1, kTime.max},
             "strategy batched-deferred: the longest that a page waits for its flush (5 s at 2.5 GHz)");
    v.count(
        "side_cache_min_order", p.side_cache_min_order, {0, 9},
        "strategy side-cache: the smallest block that a refill takes when there is no larger one; 9: whole pageblocks only, "
        "0: as the RFC's code");
    v.count("side_cache_keep", p.side_cache_keep, {0, 1'000'000'000},
            "strategy side-cache: free pages above which a release gives a whole free block back; 0: only if memory is short");
}

PcpState pcp_limits(const KernelParams& params) {
    PcpState limits;
    limits.batch = PageCount{params.pcp_batch};
    limits.high = limits.high_min = PageCount{params.pcp_high};
    limits.high_max = PageCount{std::max(params.pcp_high, params.pcp_high_max)};
    return limits;
}

}  // namespace splinter::alloc
