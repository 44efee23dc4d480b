// Changes to the kernel's direct map: __change_page_attr_set_clr() of arch/x86/mm/pat/set_memory.c (CPA), Linux 6.1 and 6.12,
// under set_direct_map_invalid_noflush(), set_direct_map_default_noflush() and set_direct_map_valid_noflush(). What
// set_memory_*() does around it is set_memory.h.
//
// Leaf by leaf, each with cpa_lock taken anew. A leaf whose flags the change does not alter stays, however little of it is in
// the range; one that the range covers is rewritten; another is split: cpa_lock is dropped, a page-table page is allocated,
// 512 entries are prepared and installed, everything is flushed on all CPUs with pgd_lock and cpa_lock held, and the look-up
// starts again from the top. Splits are never undone. A leaf that becomes not present loses its Global bit for good. The change
// itself is not flushed: that is the caller's job.
// Leaves out: aliases, the static protections of the kernel's image, the PAT bit, pgd_lock around the decision to split (its
// cost is in Step::cpa_lookup; cpa_lock covers it), debug_pagealloc (no cpa_lock), collapse into large leaves (6.15).
#pragma once

#include "alloc/accounts.h"
#include "alloc/cpu.h"
#include "alloc/map/boot_tables.h"
#include "alloc/map/key_register.h"
#include "alloc/map/leaf_change.h"
#include "alloc/map/page_table_pages.h"
#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

// How flush() counts a range: by pages, as Linux does, or with one INVLPG per 2 MiB where the leaves allow it.
enum class FlushStride : std::uint8_t { page, leaf };

// What a change has rewritten: pages in order, with the flags that they had.
struct ChangedLeaves {
    struct Part {
        PfnRange range;
        std::uint64_t flags;  // without PS
    };
    std::vector<Part> parts;

    [[nodiscard]] bool any() const { return !parts.empty(); }  // CPA_FLUSHTLB
    void add(PfnRange range, std::uint64_t flags);
};

class DirectMap {
  public:
    enum class Outcome : std::uint8_t { done, no_memory };
    // Over a change that splits: nothing, as on x86, where CPUs split at the same time; or one lock, as on arm64
    // (split_kernel_leaf_mapping()), which is not recursive.
    enum class SplitLock : std::uint8_t { none, global };

    DirectMap(Pfn root, PageTablePages& tables, KeyRegister& keys, TlbFlush& flush, std::size_t cpus);

    // Changes the leaves of the pages. no_memory (a split got no page): the pages before the failing leaf have changed.
    // `changed`, if given, learns which. Frames that the direct map does not have are passed over.
    // REQUIRES: interrupts on, no spinlock held.
    [[nodiscard]] Outcome change(Cpu& cpu, PfnRange range, const LeafChange& change, ChangedLeaves* changed = nullptr);
    // All or nothing: after no_memory each page has the flags that it had, G included. What was split stays split.
    [[nodiscard]] Outcome change_or_undo(Cpu& cpu, PfnRange range, const LeafChange& change);
    // Takes a change back. REQUIRES: nobody else has changed those pages since.
    void undo(Cpu& cpu, const ChangedLeaves& changed);
    // Makes the pages present or not.
    [[nodiscard]] Outcome set_mapping(Cpu& cpu, PfnRange range, Mapping mapping) {
        return change(cpu, range, mapping == Mapping::mapped ? LeafChange::present() : not_present_);
    }
    // The same for making them not present, all or nothing.
    [[nodiscard]] Outcome unmap_or_undo(Cpu& cpu, PfnRange range) { return change_or_undo(cpu, range, not_present_); }
    // What set_direct_map_invalid_noflush() does to a leaf; until told otherwise as 6.12.
    void set_not_present(const LeafChange& change) { not_present_ = change; }
    // flush_tlb_kernel_range() of the pages, with the stride that was chosen.
    void flush(Cpu& cpu, PfnRange range);
    void set_split_lock(SplitLock lock) { split_lock_ = lock; }
    void set_flush_stride(FlushStride stride) { stride_ = stride; }
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }

  private:
    struct Leaf {
        VirtAddr entry;  // direct-map address of the entry
        x86::Pte value;  // 0: there is none, and no table below
        x86::Level level;
    };
    enum class Splitting : std::uint8_t { not_yet, ready };
    [[nodiscard]] Leaf look_up(Cpu& cpu, Pfn pfn) const;
    // __change_page_attr(): changes the leaf around the first page. How many pages of the range are done; nothing: no memory.
    // REQUIRES: cpa_lock held.
    [[nodiscard]] std::optional<PageCount> change_leaf(Cpu& cpu, PfnRange range, const LeafChange& change,
                                                       ChangedLeaves* changed, Splitting& splitting);
    // split_large_page(). REQUIRES: cpa_lock held, which it drops meanwhile.
    [[nodiscard]] Outcome split(Cpu& cpu, Pfn pfn, x86::Level level, Splitting& splitting);
    // Before the first split of a change: the page-table pages that it may take are there, and the split lock is held.
    [[nodiscard]] Outcome get_ready(Cpu& cpu);
    // Installs `table` in place of the leaf, unless somebody else has split it meanwhile; returns whether it was used.
    [[nodiscard]] bool install(Cpu& cpu, Pfn pfn, x86::Level level, Pfn table);
    // Undoes install(): nobody has changed what the table maps, or the run ends, for there is no way back.
    void take_back(Cpu& cpu, Pfn pfn, x86::Level level, Pfn table);
    [[nodiscard]] VirtAddr entry_of_table(Cpu& cpu, Pfn pfn, x86::Level level) const;
    [[nodiscard]] bool has_large_leaves_only(Cpu& cpu, PfnRange range) const;

    Pfn root_;
    PageTablePages& tables_;
    KeyRegister& keys_;
    TlbFlush& flush_;
    LeafChange not_present_ = LeafChange::not_present();
    FlushStride stride_ = FlushStride::page;
    SplitLock split_lock_ = SplitLock::none;
    std::optional<CpuId> splitter_;         // owner of the split lock
    std::vector<KernelCounters> counters_;  // by CPU
};

}  // namespace splinter::alloc
