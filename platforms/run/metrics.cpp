// The table of metrics. A new metric is one row here and one assignment where the phase is measured.
#include "platforms/run/metrics.h"

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
     Column::if_any},
    {"ipis_per_1000_pages", "IPIs /1000 pages", "IPIs/1000 pages",
     "inter-processor interrupts received by all cores in the phase, per 1000 pages allocated in it; a core whose call queue "
     "is not "
     "empty gets no second one, so that concurrent flushes share interrupts"},
    {"splits", "splits", "leaves",
     "leaves of the direct map split into smaller ones in the phase: 1 GiB into 2 MiB and 2 MiB into 4 KiB count alike"},
    {"stolen_cycles_per_page", "stolen cyc/page", "cycles/page",
     "cycles of interrupt handlers on all cores, per page allocated in the phase: each serves a flush that another core asked "
     "for"},
    {"victim_slowdown_percent", "victims slowed %", "percent",
     "cycles per background access in the phase against the same cores' undisturbed rate, measured in the same run before the "
     "workload starts: 100 * (disturbed / undisturbed - 1)"},
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
     Column::if_any},
    {"cycles_per_access", "cycles /access", "cycles/access",
     "pointer-chase: cycles of one data access, translation included, mean over the measured accesses of the phase",
     Column::where_measured},
    {"pages", "pages", "pages", "pages allocated in the phase"},
};

}  // namespace

std::span<const MetricInfo> metrics() { return kMetrics; }

}  // namespace splinter::platforms
