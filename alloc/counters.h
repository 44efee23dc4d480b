// Kernel counters of one CPU, by the names of /proc/vmstat where it has them. A machine's value is the sum over its CPUs.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "alloc/gfp.h"

namespace splinter::alloc {

struct KernelCounters {
    std::uint64_t pgalloc_dma = 0;  // pages, by the zone that they are of
    std::uint64_t pgalloc_dma32 = 0;
    std::uint64_t pgalloc_normal = 0;
    std::uint64_t pgalloc_movable = 0;
    std::uint64_t allocstall_dma = 0;  // direct reclaims, by the highest zone that the request may use
    std::uint64_t allocstall_dma32 = 0;
    std::uint64_t allocstall_normal = 0;
    std::uint64_t allocstall_movable = 0;
    std::uint64_t pgfree = 0;
    std::uint64_t direct_map_level2_splits = 0;  // 2 MiB leaves split
    std::uint64_t direct_map_level3_splits = 0;  // 1 GiB leaves split
    std::uint64_t direct_map_splits_undone = 0;  // the table of the split could not be protected
    std::uint64_t nr_tlb_remote_flush =
        0;  // flush_tlb_all(), and user ranges that other CPUs may use: no ranges of the kernel's
    std::uint64_t nr_tlb_remote_flush_received = 0;  // do_flush_tlb_all() on any CPU, flush_tlb_func() for another
    std::uint64_t nr_tlb_local_flush_all = 0;        // a process's entries, here and for this CPU
    std::uint64_t nr_tlb_local_flush_one = 0;        // INVLPGs: of user ranges those for this CPU, of the kernel's all
    std::uint64_t flushes = 0;               // asked for, of the kernel's half and of user ranges, whatever the mechanism
    std::uint64_t cross_calls = 0;           // of other CPUs, by interrupts: one however many are told
    std::uint64_t cross_calls_received = 0;  // requests executed for another CPU
    std::uint64_t kernel_flushes_all = 0;    // of everything, executed here for a flush of the kernel's half
    std::uint64_t invlpgb = 0;               // mechanism invlpgb: instructions
    std::uint64_t tlbsync = 0;
    std::uint64_t flushes_left_pending = 0;       // mechanism deferred: targets that got a flag and no interrupt
    std::uint64_t latr_states = 0;                // mechanism latr: flushes recorded
    std::uint64_t latr_fallbacks = 0;             // all states in use: interrupts
    std::uint64_t latr_user_swept = 0;            // user flushes of them that all CPUs have swept
    std::uint64_t latr_user_exposure_cycles = 0;  // from the flush until then, of all of them
    std::uint64_t quarantined_pages = 0;          // mechanism latr: unmapped, and not freed yet
    std::uint64_t quarantine_freed_pages = 0;     // freed since
    std::uint64_t quarantine_page_cycles = 0;     // that these were kept
    std::uint64_t flips_to_unmapped = 0;          // pageblocks
    std::uint64_t flips_to_mapped = 0;
    std::uint64_t flips_rolled_back = 0;
    std::uint64_t flips_leaked = 0;  // blocks lost for want of a page-table page (early)
    std::uint64_t pages_leaked = 0;  // the same in pages
    std::uint64_t flips_of_key = 0;  // blocks whose flags changed, but not the direct map
    std::uint64_t pages_zeroed = 0;  // by clear_page(), whoever asked for it
    std::uint64_t fallbacks = 0;     // requests served from another migratetype
    std::uint64_t failed_allocations = 0;
    std::uint64_t misses_above_watermark = 0;  // a zone above its mark had no block: the slow paths, or the next zone, begin
    std::uint64_t failed_above_watermark = 0;  // failed allocations with such a miss: free memory of the wrong kind or size
    std::uint64_t movable_failures_above_watermark = 0;  // of them, movable requests
    std::uint64_t shrunk_pages = 0;                      // given back by a shrinker
    std::uint64_t compact_stall = 0;                     // direct compactions that did not find the zone unsuitable
    std::uint64_t compact_success = 0;
    std::uint64_t compact_fail = 0;
    std::uint64_t compact_migrate_scanned = 0;  // pages
    std::uint64_t compact_free_scanned = 0;
    std::uint64_t pgmigrate_success = 0;
    std::uint64_t pgmigrate_fail = 0;
    std::uint64_t slow_paths = 0;            // requests that the fast path did not serve
    std::uint64_t pcp_trylock_failures = 0;  // per-CPU lists found locked: the buddy served
    std::uint64_t pkrs_writes = 0;           // WRMSR to IA32_PKRS
    std::uint64_t split_tables = 0;          // and for splits of the direct map
    std::uint64_t table_page_failures = 0;
    std::uint64_t split_table_failures = 0;
    std::uint64_t key_changes = 0;         // set_memory_pkey(): changes of the key in the direct map, one flush each
    std::uint64_t table_refills = 0;       // blocks of memory that got the key for a pool
    std::uint64_t table_refill_pages = 0;  // their pages
    std::uint64_t pgtables_allocated = 0;  // page-table pages for mappings, not for splits
    std::uint64_t pgtables_freed = 0;
    std::uint64_t pgtable_alloc_cycles = 0;  // inside PageTablePages::allocate() for them
    std::uint64_t pgtable_free_cycles = 0;   // inside PageTablePages::release()
    std::uint64_t mermap_flushes = 0;        // a CPU's temporary mappings were used up
    std::uint64_t mermap_reserve_uses = 0;   // single pages because more had no room
};

// FOR_ALL_ZONES(PGALLOC), FOR_ALL_ZONES(ALLOCSTALL) of include/linux/vm_event_item.h, by ZoneKind.
inline constexpr std::array<std::uint64_t KernelCounters::*, kZoneKinds> kPgalloc{
    &KernelCounters::pgalloc_dma, &KernelCounters::pgalloc_dma32, &KernelCounters::pgalloc_normal,
    &KernelCounters::pgalloc_movable};
inline constexpr std::array<std::uint64_t KernelCounters::*, kZoneKinds> kAllocstall{
    &KernelCounters::allocstall_dma, &KernelCounters::allocstall_dma32, &KernelCounters::allocstall_normal,
    &KernelCounters::allocstall_movable};

// visit(name, member pointer), the only list of the names.
template <class Visitor>
void for_each_counter(Visitor&& visit) {
    visit("pgalloc_dma", &KernelCounters::pgalloc_dma);
    visit("pgalloc_dma32", &KernelCounters::pgalloc_dma32);
    visit("pgalloc_normal", &KernelCounters::pgalloc_normal);
    visit("pgalloc_movable", &KernelCounters::pgalloc_movable);
    visit("allocstall_dma", &KernelCounters::allocstall_dma);
    visit("allocstall_dma32", &KernelCounters::allocstall_dma32);
    visit("allocstall_normal", &KernelCounters::allocstall_normal);
    visit("allocstall_movable", &KernelCounters::allocstall_movable);
    visit("pgfree", &KernelCounters::pgfree);
    visit("direct_map_level2_splits", &KernelCounters::direct_map_level2_splits);
    visit("direct_map_level3_splits", &KernelCounters::direct_map_level3_splits);
    visit("direct_map_splits_undone", &KernelCounters::direct_map_splits_undone);
    visit("nr_tlb_remote_flush", &KernelCounters::nr_tlb_remote_flush);
    visit("nr_tlb_remote_flush_received", &KernelCounters::nr_tlb_remote_flush_received);
    visit("nr_tlb_local_flush_all", &KernelCounters::nr_tlb_local_flush_all);
    visit("nr_tlb_local_flush_one", &KernelCounters::nr_tlb_local_flush_one);
    visit("flushes", &KernelCounters::flushes);
    visit("cross_calls", &KernelCounters::cross_calls);
    visit("cross_calls_received", &KernelCounters::cross_calls_received);
    visit("kernel_flushes_all", &KernelCounters::kernel_flushes_all);
    visit("invlpgb", &KernelCounters::invlpgb);
    visit("tlbsync", &KernelCounters::tlbsync);
    visit("flushes_left_pending", &KernelCounters::flushes_left_pending);
    visit("latr_states", &KernelCounters::latr_states);
    visit("latr_fallbacks", &KernelCounters::latr_fallbacks);
    visit("latr_user_swept", &KernelCounters::latr_user_swept);
    visit("latr_user_exposure_cycles", &KernelCounters::latr_user_exposure_cycles);
    visit("quarantined_pages", &KernelCounters::quarantined_pages);
    visit("quarantine_freed_pages", &KernelCounters::quarantine_freed_pages);
    visit("quarantine_page_cycles", &KernelCounters::quarantine_page_cycles);
    visit("flips_to_unmapped", &KernelCounters::flips_to_unmapped);
    visit("flips_to_mapped", &KernelCounters::flips_to_mapped);
    visit("flips_rolled_back", &KernelCounters::flips_rolled_back);
    visit("flips_leaked", &KernelCounters::flips_leaked);
    visit("pages_leaked", &KernelCounters::pages_leaked);
    visit("flips_of_key", &KernelCounters::flips_of_key);
    visit("pages_zeroed", &KernelCounters::pages_zeroed);
    visit("fallbacks", &KernelCounters::fallbacks);
    visit("failed_allocations", &KernelCounters::failed_allocations);
    visit("misses_above_watermark", &KernelCounters::misses_above_watermark);
    visit("failed_above_watermark", &KernelCounters::failed_above_watermark);
    visit("movable_failures_above_watermark", &KernelCounters::movable_failures_above_watermark);
    visit("shrunk_pages", &KernelCounters::shrunk_pages);
    visit("compact_stall", &KernelCounters::compact_stall);
    visit("compact_success", &KernelCounters::compact_success);
    visit("compact_fail", &KernelCounters::compact_fail);
    visit("compact_migrate_scanned", &KernelCounters::compact_migrate_scanned);
    visit("compact_free_scanned", &KernelCounters::compact_free_scanned);
    visit("pgmigrate_success", &KernelCounters::pgmigrate_success);
    visit("pgmigrate_fail", &KernelCounters::pgmigrate_fail);
    visit("slow_paths", &KernelCounters::slow_paths);
    visit("pcp_trylock_failures", &KernelCounters::pcp_trylock_failures);
    visit("pkrs_writes", &KernelCounters::pkrs_writes);
    visit("split_tables", &KernelCounters::split_tables);
    visit("table_page_failures", &KernelCounters::table_page_failures);
    visit("split_table_failures", &KernelCounters::split_table_failures);
    visit("key_changes", &KernelCounters::key_changes);
    visit("table_refills", &KernelCounters::table_refills);
    visit("table_refill_pages", &KernelCounters::table_refill_pages);
    visit("pgtables_allocated", &KernelCounters::pgtables_allocated);
    visit("pgtables_freed", &KernelCounters::pgtables_freed);
    visit("pgtable_alloc_cycles", &KernelCounters::pgtable_alloc_cycles);
    visit("pgtable_free_cycles", &KernelCounters::pgtable_free_cycles);
    visit("mermap_flushes", &KernelCounters::mermap_flushes);
    visit("mermap_reserve_uses", &KernelCounters::mermap_reserve_uses);
}

}  // namespace splinter::alloc
