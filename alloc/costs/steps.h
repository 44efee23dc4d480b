// Straight-line kernel work: each Step is a path of instructions whose length comes from configs/costs. Cache-line transfers,
// TLB misses, locks and flushes are not part of a Step; they are charged where they happen.
#pragma once

#include <cstddef>
#include <cstdint>

namespace splinter::alloc {

enum class Step : std::uint8_t {
    pcp_alloc,       // rmqueue_pcplist() hit, with its share of alloc_pages()
    pcp_free,        // free_unref_page()
    buddy_take,      // __rmqueue_smallest() or __free_one_page(): unlink or link one block
    buddy_split,     // expand(), per order
    buddy_merge,     // __free_one_page(), per order merged
    buddy_fallback,  // __rmqueue_claim() / __rmqueue_steal()
    pageblock_move,  // move_freepages_block()
    zone_lookup,     // get_page_from_freelist(), per zone looked at
    clear_page,      // clear_page(), 4 KiB
    local_map,       // mermap_get() and mermap_put(), per page: slot, walk to the PTEs; not the stores and the flush
    cpa_lookup,      // __change_page_attr(), fixed part per leaf
    cpa_set_leaf,    // set_pte_atomic() with what surrounds it
    split_fill,      // __split_large_page(): prepare 512 entries
    flush_setup,     // smp_call_function_many_cond(): mask, call data; flush_tlb_kernel_range()
    csd_enqueue,     // llist_add() per target
    csd_handle,      // __flush_smp_call_function_queue(), per request
    csd_wait,        // csd_lock_wait(): the spin loop's last turn, once per call
    latr_record,     // mechanism latr: a free state of this CPU's found and filled in
    latr_scan,       // its sweep, per CPU looked at
    compact_scan,    // isolate_migratepages_block(), isolate_freepages_block(): per page looked at
    migrate_page,    // isolate, try_to_migrate(), move_to_new_folio(), remove_migration_ptes(), put back: per page, flush
                     // included
    table_pool,      // a keyed page-table page taken off a pool's list, or put on it
    copy_page,       // folio_copy(), 4 KiB
    anon_fault,      // exc_page_fault() to do_anonymous_page() and back, per folio; not its pages, tables, entries
    copy_pte,        // copy_present_ptes(), small folio: rmap, reference, both entries
    copy_pte_large,  // the same, per entry of a batch of a large folio
    zap_pte,         // zap_present_ptes(), small folio: clear, rmap, gather
    zap_pte_large,   // the same, per entry of a batch of a large folio
    folio_free,      // folios_put_refs(), per folio freed: LRU, memory cgroup; not the page allocator
    table_setup,     // pagetable_pte_ctor(), pmd_install() and what surrounds them, per table
    table_free,      // pagetable_pte_dtor(), tlb_remove_table(), per table
    pgd_setup,       // mm_init(), pgd_ctor() with clone_pgd_range()
    vmalloc_area,    // __get_vm_area_node(), array of pages: per vmalloc()
    vfree_area,      // remove_vm_area(), per vfree()
    vmap_page,       // vmap_pages_pte_range(), per page
    vunmap_page,     // vunmap_pte_range(), per page
    user_flush,      // flush_tlb_mm_range(): generation, flush_tlb_info, a look at mm_cpumask()
    flush_func,      // flush_tlb_func(): everything but the invalidations
    lazy_check,      // should_flush_tlb(), per CPU of mm_cpumask()
    switch_mm,       // switch_mm_irqs_off(): everything but the write of CR3
    syscall,         // entry and exit of a system call
    vma_change,      // munmap(), mprotect(), mremap(): find, split or merge areas, accounting; per call
    madvise,         // madvise(MADV_DONTNEED): find the area; per call
    change_pte,      // change_pte_range(), per entry
    move_pte,        // move_ptes(), per entry
    wp_fault,        // do_wp_page(), wp_page_copy(), per fault; not the page, its copy and its flush
    count_           // number of steps
};
inline constexpr std::size_t kStepCount = static_cast<std::size_t>(Step::count_);

}  // namespace splinter::alloc
