#include "alloc/costs/step_costs.h"

namespace splinter::alloc {
namespace {

struct StepInfo {
    Step step;
    std::string_view key;
    std::uint64_t cycles;  // default: the value of configs/costs/linux-6.12.toml, as a test checks
    std::string_view text;
};

constexpr std::array<StepInfo, kStepCount> kSteps{{
    {Step::pcp_alloc, "pcp_alloc", 60, "order-0 allocation that the per-CPU list serves"},
    {Step::pcp_free, "pcp_free", 60, "order-0 free to the per-CPU list"},
    {Step::buddy_take, "buddy_take", 140, "take a block off the free lists, or put one on them"},
    {Step::buddy_split, "buddy_split", 20, "split a block in two, per order"},
    {Step::buddy_merge, "buddy_merge", 30, "merge two buddies, per order"},
    {Step::buddy_fallback, "buddy_fallback", 2000, "claim or steal from another migratetype"},
    {Step::pageblock_move, "pageblock_move", 120, "move the free pages of a pageblock to another list"},
    {Step::zone_lookup, "zone_lookup", 30, "look at one zone: watermark and lists"},
    {Step::clear_page, "clear_page", 512, "clear one 4 KiB page"},
    {Step::local_map, "local_map", 60,
     "temporary per-CPU mapping of one page, set up and removed; stores, walk and flush apart"},
    {Step::cpa_lookup, "cpa_lookup", 250, "change_page_attr, fixed part per leaf"},
    {Step::cpa_set_leaf, "cpa_set_leaf", 20, "change_page_attr, one entry written"},
    {Step::split_fill, "split_fill", 600, "prepare the 512 entries of a split leaf"},
    {Step::flush_setup, "flush_setup", 430, "initiator of a shootdown: CPU mask, call data"},
    {Step::csd_enqueue, "csd_enqueue", 30, "queue a cross-call, per target"},
    {Step::csd_handle, "csd_handle", 50, "take a queued cross-call, per request"},
    {Step::csd_wait, "csd_wait", 17, "wait loop of the initiator, once per shootdown"},
    {Step::latr_record, "latr_record", 60, "mechanism latr: record a flush in a state"},
    {Step::latr_scan, "latr_scan", 5, "mechanism latr: a sweep looks whether a CPU has states"},
    {Step::compact_scan, "compact_scan", 12, "compaction looks at one page"},
    {Step::migrate_page, "migrate_page", 2200,
     "compaction migrates one page: rmap, unmap, local flush, map again; not the copy"},
    {Step::table_pool, "table_pool", 40, "take a page-table page off the list of a pool, or put one on it"},
    {Step::copy_page, "copy_page", 1024, "copy one 4 KiB page"},
    {Step::anon_fault, "anon_fault", 1000, "write fault of anonymous memory, per folio; not its pages and page tables"},
    {Step::copy_pte, "copy_pte", 151, "fork copies one PTE of a small folio"},
    {Step::copy_pte_large, "copy_pte_large", 122, "fork copies one PTE of a large folio, in a batch"},
    {Step::zap_pte, "zap_pte", 180, "unmapping of one PTE of a small folio"},
    {Step::zap_pte_large, "zap_pte_large", 109, "unmapping of one PTE of a large folio, in a batch"},
    {Step::folio_free, "folio_free", 350, "free of one folio, before the page allocator: LRU, memory cgroup"},
    {Step::table_setup, "table_setup", 150, "set up one page-table page: constructor, lock, counters"},
    {Step::table_free, "table_free", 100, "take down one page-table page"},
    {Step::pgd_setup, "pgd_setup", 400, "set up an address space and copy the kernel half of its root"},
    {Step::vmalloc_area, "vmalloc_area", 1500, "vmalloc, per call: addresses, descriptor, array of pages"},
    {Step::vfree_area, "vfree_area", 700, "vfree, per call"},
    {Step::vmap_page, "vmap_page", 15, "vmalloc maps one page"},
    {Step::vunmap_page, "vunmap_page", 25, "vfree unmaps one page"},
    {Step::user_flush, "user_flush", 550, "flush of a user range, fixed part; not the invalidations"},
    {Step::flush_func, "flush_func", 100, "a CPU's share of a user flush, fixed part; not the invalidations"},
    {Step::lazy_check, "lazy_check", 10, "user flush asks whether a CPU is lazy, per CPU of the address space"},
    {Step::switch_mm, "switch_mm", 200, "another address space is loaded; not the write of CR3"},
    {Step::syscall, "syscall", 200, "entry and exit of a system call"},
    {Step::vma_change, "vma_change", 800, "munmap, mprotect, mremap: areas found, split, merged; per call"},
    {Step::madvise, "madvise", 250, "madvise(MADV_DONTNEED), fixed part"},
    {Step::change_pte, "change_pte", 40, "mprotect changes one PTE"},
    {Step::move_pte, "move_pte", 40, "mremap moves one PTE"},
    {Step::wp_fault, "wp_fault", 1200, "write fault that copies a shared page, per fault; not the copy and the flush"},
}};

}  // namespace

StepCosts::StepCosts() {
    for (const StepInfo& info : kSteps) (*this)[info.step] = Cycles{info.cycles};
}

void describe(StepCosts& costs, ParamVisitor& visitor) {
    const ParamGroup group{visitor, "costs"};
    for (const StepInfo& info : kSteps) visitor.cycles(info.key, costs[info.step], {0, 1'000'000}, info.text);
}

}  // namespace splinter::alloc
