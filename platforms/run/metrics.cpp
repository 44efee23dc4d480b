// The table of metrics. A new metric is one row here and one assignment where the phase is measured.
#include "platforms/run/metrics.h"

#include <optional>

#include "alloc/counters.h"
#include "hw/base/check.h"

namespace splinter::platforms {

namespace {

constexpr MetricInfo kMetrics[] = {
    {"cycles_per_page", "cycles /page", "cycles/page",
     "cycles of the allocating cores inside allocation and free calls, per page allocated in the phase; population: the "
     "allocation alone; steady: one free and one allocation"},
    {"ns_per_page", "ns /page", "ns/page", "cycles_per_page divided by the platform's frequency"},
    {"alloc_p50_cycles", "p50 cycles", "cycles",
     "median of the cycles from the call to the return of one allocation; what a strategy does ahead for later pages, zeroing "
     "and "
     "flushing, is in the call that did it"},
    {"alloc_p99_cycles", "p99 cycles", "cycles", "99th percentile of the cycles of one allocation"},
    {"alloc_p999_cycles", "p99.9 cycles", "cycles", "99.9th percentile of the cycles of one allocation"},
    {"worst_call_cycles", "worst cycles", "cycles",
     "the longest allocation or free of the phase, whatever it had to do for itself or others: flips, scrubs, zeroing, lock "
     "waits",
     Column::on_request},
    {"ipis_per_1000_pages", "IPIs /1000 pages", "IPIs/1000 pages",
     "inter-processor interrupts received by all cores in the phase, per 1000 pages allocated in it; a core whose call queue "
     "is not "
     "empty gets no second one, so that concurrent flushes share interrupts"},
    {"splits", "splits", "leaves",
     "leaves of the direct map split into smaller ones in the phase: 1 GiB into 2 MiB and 2 MiB into 4 KiB count alike"},
    {"stolen_cycles_per_page", "stolen cyc/page", "cycles/page",
     "cycles of interrupt handlers on all cores, per page allocated in the phase: each serves a flush that another core asked "
     "for, or a timer of the kernel's; and of what a core does for a late mechanism when it enters or leaves the kernel"},
    {"victim_slowdown_percent", "victims slowed %", "percent",
     "cycles per background access in the phase against the same cores' undisturbed rate, measured in the same run before the "
     "workload starts: 100 * (disturbed / undisturbed - 1)"},
    {"victim_interrupt_percent", "of it interrupts %", "percent",
     "the part of victim_slowdown_percent that interrupts take, entry, handler and exit: cycles under `interrupt` and "
     "`late-flush` in the "
     "victims' "
     "ledgers per background access, phase less undisturbed, by the undisturbed cycles per access",
     Column::on_request},
    {"victim_refill_percent", "of it TLB misses %", "percent",
     "the part of victim_slowdown_percent that refilling TLBs takes: cycles of L2 TLB look-ups and walks of the background "
     "loop "
     "(`tlb-miss` in the victims' ledgers) per access, phase less undisturbed, by the undisturbed cycles per access",
     Column::on_request},
    {"flushes_per_second", "flushes /s", "flushes/second",
     "flushes that all initiators together asked for in the phase (counter `flushes`), per second of simulated time, whatever "
     "the "
     "mechanism tells other cores",
     Column::on_request},
    {"flushes_per_second_for_1_percent", "flushes /s for 1 %", "flushes/second",
     "the rate of flushes that slows unrelated cores by 1 percent, if each takes what it took here: flushes_per_second by "
     "victim_slowdown_percent; where a flip is one flush (per-page), also the rate of flips",
     Column::on_request},
    {"exposure_cycles_per_page", "exposure cyc/page", "page-cycles/page",
     "page-cycles from the hand-out of a protected page until no core holds a translation with the old rights, per page handed "
     "out"},
    {"unmapped_free_bytes", "unmapped free", "bytes",
     "memory out of the direct map that nobody owns at the end of the phase: free pages of unmapped pageblocks, and pages that "
     "the "
     "strategy holds ready"},
    {"zeroed_bytes", "zeroed", "bytes",
     "memory that the kernel cleared in the phase: for the owner of a page, at the scrub of a block, and at a free; "
     "freetype.scrub says which",
     Column::on_request},
    {"cycles_per_access", "cycles /access", "cycles/access",
     "pointer-chase: cycles of one data access, translation included, mean over the measured accesses of the phase",
     Column::where_measured},
    {"cycles_per_operation", "cycles /op", "cycles/operation",
     "operations on page tables (a fork, a munmap, a pair of vmalloc and vfree, an address space built and torn down): cycles "
     "of one, mean over all cores",
     Column::where_measured},
    {"cycles_per_entry", "cycles /PTE", "cycles/entry", "cycles_per_operation by page-table entry of the lowest level",
     Column::where_measured},
    {"ipis_per_operation", "IPIs /op", "IPIs/operation",
     "inter-processor interrupts received by all cores in the phase, per such operation", Column::on_request},
    {"stolen_cycles_per_operation", "stolen cyc/op", "cycles/operation",
     "cycles of interrupt handlers on all cores in the phase, and of what a core does for a late mechanism when it switches, "
     "enters or leaves the kernel, per such operation: what the others pay for it; ticks are in it where they are simulated "
     "(flush.mechanism latr)",
     Column::on_request},
    {"quarantine_peak_bytes", "quarantine, peak", "bytes",
     "latr: most memory since boot, all cores together, that had been unmapped and was kept from reuse, because cores had not "
     "flushed or the second tick had not come: pages that entries mapped, and page tables",
     Column::where_measured},
    {"quarantine_cycles", "unmap to reuse", "cycles",
     "latr: cycles from the flush of an unmapping, which only records it, to the moment when its memory goes back to the "
     "allocator, "
     "mean over the pages freed so in the phase; what unmapping costs with it: cycles_per_operation, and in the ledger "
     "kworker/latr-reclaim (the free) and late-flush (the cores' sweeps)",
     Column::where_measured},
    {"longest_quarantine_cycles", "longest unmap to reuse", "cycles", "the longest such time since boot", Column::on_request},
    {"unmapped_exposure_cycles", "unmapped, exposed", "cycles",
     "latr: cycles from the flush of an unmapping until the last core that had to has swept it, mean over those swept in the "
     "phase: so long some core can still use the old translation, and with it the old page; 0 under mechanisms that are not "
     "late (then not shown)",
     Column::where_measured},
    {"longest_unmapped_exposure_cycles", "longest exposed", "cycles", "the longest such time since boot", Column::on_request},
    {"pkrs_writes_per_operation", "PKRS writes /op", "writes/operation", "writes of the key register in such an operation",
     Column::where_measured},
    {"tables_per_operation", "tables /op", "pages/operation", "page-table pages allocated in such an operation",
     Column::where_measured},
    {"cycles_per_table", "cycles /table", "cycles/page",
     "cycles inside the allocation of one page-table page, its clearing apart, mean over those of such operations",
     Column::where_measured},
    {"cycles_per_table_freed", "cycles /table freed", "cycles/page", "cycles inside the free of one page-table page",
     Column::on_request},
    {"flushes_per_table", "flushes /table", "flushes/page",
     "flushes that were asked for in the phase, whatever for, per page-table page allocated in it", Column::on_request},
    {"worst_table_depth", "depth", "pages",
     "page-table pages that were being allocated or protected at once on one core, one because of the other, at most, since "
     "boot; 1: no recursion",
     Column::on_request},
    {"table_reserve_low", "reserve low", "pages",
     "fewest page-table pages since boot that a split of the direct map could have taken (kernel.page_tables.policy; policies "
     "without a reserve have none)",
     Column::on_request},
    {"table_idle_bytes", "keyed, idle", "bytes",
     "memory at the end of the run that has the key of page tables and that nobody uses", Column::on_request},
    {"direct_map_1g", "1G leaves", "leaves", "leaves of the direct map of 1 GiB at the end of the run", Column::on_request},
    {"direct_map_2m", "2M leaves", "leaves", "leaves of the direct map of 2 MiB at the end of the run", Column::on_request},
    {"direct_map_4k", "4K leaves", "leaves", "leaves of the direct map of 4 KiB at the end of the run", Column::on_request},
    {"smallest_reserve", "smallest reserve", "pages",
     "reserve-search: the smallest reserve of page-table pages under which no operation fails; -1: none up to the limit",
     Column::where_measured},
    {"closed_form_reserve", "closed form", "pages",
     "reserve-search: K s + r, with K changes at once, s page-table pages for each and r for a refill; -1: no reserve is "
     "enough",
     Column::where_measured},
    {"reserve_states", "states", "states", "reserve-search: states looked at, of all reserves together", Column::on_request},
    {"flips", "flips", "flips", "pgtable-churn: times that a flipper set a page read-only and back in the phase",
     Column::on_request},
    {"flip_cycles", "flip cycles", "cycles", "pgtable-churn: cycles of all flips of the phase together", Column::on_request},
    {"flips_failed", "flips failed", "flips", "pgtable-churn: flips that found no memory for a page-table page",
     Column::on_request},
    {"spaces_failed", "spaces failed", "spaces", "pgtable-churn: address spaces that found no memory while they were built",
     Column::on_request},
    {"obtained_bytes", "obtained", "bytes", "protected memory allocated in the phase", Column::on_request},
    {"kept_bytes", "kept", "bytes", "fragmentation: memory that the antagonist still holds in the phase", Column::on_request},
    {"free_bytes", "free", "bytes", "fragmentation: memory that is free at the end of the phase, mapped or not",
     Column::on_request},
    {"longest_exposure_cycles", "longest exposure", "cycles",
     "longest time from the hand-out of a protected page until no core holds a translation with the old rights",
     Column::on_request},
    {"exposure_after_flush_cycles_per_page", "exposed after flush cyc/page", "page-cycles/page",
     "page-cycles from the return of a flush until no core holds an old translation of a page that was taken out of the direct "
     "map before it, per page flushed so in the phase; 0 but for mechanisms that are late; what a strategy does before it "
     "hands "
     "the page out (zeroing) is not taken off, as it is in exposure_cycles_per_page",
     Column::on_request},
    {"longest_exposure_after_flush_cycles", "longest exposed after flush", "cycles", "the longest such time of one page",
     Column::on_request},
    {"pcid_survivors", "stale, other PCID", "entries",
     "kernel translations that an INVLPG of their address left in a TLB under another PCID, and that a later switch to that "
     "PCID "
     "made usable again, all cores: what Linux leaves open without page-table isolation where a leaf has lost its Global bit",
     Column::on_request},
    {"pcid_survivor_cores", "cores with them", "cores", "cores on which there were such entries in the phase",
     Column::on_request},
    {"mapped_allocations", "mapped allocs", "allocations", "ordinary allocations that succeeded in the phase",
     Column::on_request},
    {"mapped_failures", "mapped failed", "allocations", "ordinary allocations that failed in the phase", Column::on_request},
    {"mapped_p50_cycles", "mapped p50", "cycles", "median of the cycles of one ordinary allocation", Column::on_request},
    {"mapped_p999_cycles", "mapped p99.9", "cycles",
     "99.9th percentile of the cycles of one ordinary allocation: what a flip or a scrub inside of it costs its caller",
     Column::on_request},
    {"mapped_max_cycles", "mapped max", "cycles", "the longest ordinary allocation", Column::on_request},
    {"pool_hit_percent", "pool hits %", "percent",
     "protected allocations of the phase that took nothing out of the direct map: served from pages that were unmapped before",
     Column::on_request},
    {"flips_to_unmapped", "flips to unmapped", "flips",
     "times in the phase that whole free pageblocks were taken out of the direct map to serve a request", Column::on_request},
    {"flips_to_mapped", "flips to mapped", "flips",
     "times in the phase that whole free pageblocks were put back into the direct map to serve a request", Column::on_request},
    {"pool_mean_bytes", "pool, mean", "bytes",
     "memory out of the direct map that nobody owns, mean over the time of the phase (at its end: unmapped_free_bytes)",
     Column::on_request},
    {"stranded_free_bytes", "stranded free", "bytes",
     "free memory at the end of the phase that no mapped request can have and no flip can give back: in unmapped blocks below "
     "pageblock order, and on unmapped per-CPU lists; the free lists' part of it counts for the watermarks",
     Column::on_request},
    {"movable_failures_above_watermark", "movable failures above the mark", "requests",
     "movable allocations of the phase that failed although a zone of theirs had more free pages than its minimum watermark "
     "and reserve ask for",
     Column::on_request},
    {"fragmentation_index_order9", "fragmentation index, order 9", "index",
     "fragmentation_index() of mm/vmstat.c at the end of the phase, in the zone where it is highest: why an allocation of "
     "2 MiB would fail, 0 for lack of memory to 1 for fragmentation; -1: it would not fail",
     Column::on_request},
    {"unusable_free_index_order9", "unusable free index, order 9", "index",
     "unusable_free_index() of mm/vmstat.c at the end of the phase, in the zone where it is highest: the share of free "
     "memory in blocks below 2 MiB",
     Column::on_request},
    {"order9_blocks_obtainable", "order-9 blocks obtainable", "blocks",
     "2 MiB blocks that splitting the free blocks at the end of the phase could make, mapped and unmapped", Column::on_request},
    {"order10_blocks_obtainable", "order-10 blocks obtainable", "blocks",
     "4 MiB blocks that are free at the end of the phase, mapped and unmapped", Column::on_request},
    {"pages", "pages", "pages", "pages allocated in the phase"},
};

}  // namespace

std::span<const MetricInfo> metrics() { return kMetrics; }

std::vector<std::string> column_names() {
    std::vector<std::string> names;
    for (const MetricInfo& metric : kMetrics) names.emplace_back(metric.id);
    alloc::for_each_counter([&](std::string_view name, auto) { names.emplace_back(name); });
    return names;
}

MetricInfo column_info(std::string_view name) {
    for (const MetricInfo& metric : kMetrics)
        if (metric.id == name) return metric;
    std::optional<MetricInfo> counter;
    alloc::for_each_counter([&](std::string_view known, auto) {
        if (known == name) counter = MetricInfo{known, known, "count", "kernel counter", Column::on_request};
    });
    SPLINTER_CHECK(counter.has_value(), "no figure has the name " + std::string{name});
    return *counter;
}

}  // namespace splinter::platforms
