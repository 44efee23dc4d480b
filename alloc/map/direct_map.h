// Changes to the kernel's direct map: set_direct_map_invalid_noflush(), set_direct_map_default_noflush() and
// set_direct_map_valid_noflush() of arch/x86/mm/pat/set_memory.c (CPA), Linux 6.12.
//
// A change that covers a whole leaf rewrites its entry; a change of part of a leaf splits it: cpa_lock is dropped, a page-table
// page is allocated, 512 entries are prepared and installed, everything is flushed on all CPUs with pgd_lock and cpa_lock held,
// and the look-up starts again from the top. Splits are never undone. A leaf that becomes not present loses its Global bit for
// good. The change itself is not flushed: that is the caller's job.
// Leaves out: aliases, cache attributes, protection keys, collapse into large leaves.
#pragma once

#include "alloc/accounts.h"
#include "alloc/cpu.h"
#include "alloc/map/boot_tables.h"
#include "alloc/map/key_register.h"
#include "alloc/map/leaf_change.h"
#include "alloc/map/page_table_pages.h"
#include "alloc/smp/tlb_flush.h"

namespace splinter::alloc {

class DirectMap {
  public:
    enum class Outcome : std::uint8_t { done, no_memory };
    // Over a change that splits: nothing, as on x86, where CPUs split at the same time; or one lock, as on arm64
    // (split_kernel_leaf_mapping()), which is not recursive.
    enum class SplitLock : std::uint8_t { none, global };

    DirectMap(Pfn root, PageTablePages& tables, KeyRegister& keys, TlbFlush& flush, std::size_t cpus);

    // Changes the leaves of the pages. no_memory (a split got no page): the pages before the failing leaf have changed.
    // REQUIRES: interrupts on, no spinlock held.
    [[nodiscard]] Outcome change(Cpu& cpu, PfnRange range, const LeafChange& change);
    // Makes the pages present or not.
    [[nodiscard]] Outcome set_mapping(Cpu& cpu, PfnRange range, Mapping mapping) {
        return change(cpu, range, LeafChange::to(mapping));
    }
    void set_split_lock(SplitLock lock) { split_lock_ = lock; }
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }

  private:
    struct Leaf {
        VirtAddr entry;  // direct-map address of the entry
        x86::Pte value;
        x86::Level level;
    };
    [[nodiscard]] Leaf look_up(Cpu& cpu, Pfn pfn) const;
    // Installs `table` in place of the leaf, unless somebody else has split it meanwhile; returns whether it was used.
    // `ready`: the change may split, with the split lock held if there is one.
    [[nodiscard]] Outcome change_leaves(Cpu& cpu, PfnRange range, const LeafChange& change, bool& ready);
    // Before the first split of a change, with cpa_lock dropped: the page-table pages that it may take are there.
    [[nodiscard]] Outcome get_ready(Cpu& cpu);
    [[nodiscard]] bool split(Cpu& cpu, Pfn pfn, const Leaf& leaf, Pfn table);

    Pfn root_;
    PageTablePages& tables_;
    KeyRegister& keys_;
    TlbFlush& flush_;
    std::vector<KernelCounters> counters_;  // by CPU
    SplitLock split_lock_ = SplitLock::none;
    std::optional<CpuId> splitter_;  // owner of the split lock
};

}  // namespace splinter::alloc
