#include "alloc/map/direct_map.h"

#include <array>

#include "hw/base/user_error.h"

namespace splinter::alloc {

using x86::Level;
using x86::Pte;

namespace {

// First frame that a leaf of `level` around `pfn` maps.
Pfn leaf_start(Pfn pfn, Level level) { return Pfn{pfn.raw() & ~(level.pages().raw() - 1)}; }

}  // namespace

DirectMap::DirectMap(Pfn root, PageTablePages& tables, KeyRegister& keys, TlbFlush& flush, std::size_t cpus)
    : root_{root}, tables_{tables}, keys_{keys}, flush_{flush}, counters_(cpus) {}

DirectMap::Leaf DirectMap::look_up(Cpu& cpu, Pfn pfn) const {
    const VirtAddr va = layout::direct_map(pfn);
    Pfn table = root_;
    for (Level level = x86::kPml4e;; level = level.below()) {
        const VirtAddr entry = layout::direct_map(base_of(table) + level.index(va) * 8);
        const Pte value = cpu.load_pte(entry);
        if (value.is_leaf(level)) return {entry, value, level};  // PS stays set in a leaf that is not present
        table = value.next_table();
    }
}

DirectMap::Outcome DirectMap::change(Cpu& cpu, PfnRange range, const LeafChange& change) {
    const Account account{cpu, kDirectMap};
    bool ready = false;
    const auto outcome = change_leaves(cpu, range, change, ready);
    if (ready && split_lock_ == SplitLock::global) {
        splitter_.reset();
        cpu.unlock(kSplitLock);
    }
    return outcome;
}

DirectMap::Outcome DirectMap::change_leaves(Cpu& cpu, PfnRange range, const LeafChange& change, bool& ready) {
    cpu.lock(kCpaLock);
    for (Pfn at = range.first; at < range.end();) {
        cpu.retire(Step::cpa_lookup);
        const Leaf leaf = look_up(cpu, at);
        const Pfn first = leaf_start(at, leaf.level);
        const bool whole = first == at && at + leaf.level.pages() <= range.end();
        if (change.changes(leaf.value) && !whole) {
            cpu.unlock(kCpaLock);
            if (!ready && get_ready(cpu) == Outcome::no_memory) return Outcome::no_memory;
            ready = true;
            const auto table = tables_.allocate(cpu, TableUse::split);
            if (!table) return Outcome::no_memory;
            cpu.lock(kCpaLock);
            const bool used = split(cpu, at, leaf, *table);
            if (!used || tables_.protects_linked_splits()) {
                cpu.unlock(kCpaLock);
                used ? tables_.linked(cpu, *table) : tables_.release(cpu, *table);
                cpu.lock(kCpaLock);
            }
            continue;  // from the top: the leaf is smaller now
        }
        if (change.changes(leaf.value)) {
            cpu.retire(Step::cpa_set_leaf);
            const KeyRegister::Guard writable = keys_.writable(cpu);
            cpu.store_pte(leaf.entry, change.apply(leaf.value));
        }
        at = first + leaf.level.pages();
    }
    cpu.unlock(kCpaLock);
    return Outcome::done;
}

DirectMap::Outcome DirectMap::get_ready(Cpu& cpu) {
    if (split_lock_ == SplitLock::none)
        return tables_.prepare_split(cpu) == PageTablePages::Ready::yes ? Outcome::done : Outcome::no_memory;
    if (splitter_ == cpu.id())
        throw SimulatedFinding(
            "deadlock: the page-table page of a split is protected by a change that splits as well, under the split "
            "lock that this CPU holds (as kpkeys v5 on block mappings)");
    while (true) {
        if (tables_.prepare_split(cpu) == PageTablePages::Ready::no_memory) return Outcome::no_memory;
        cpu.lock(kSplitLock);
        if (tables_.ready_for_split(cpu)) break;
        cpu.unlock(kSplitLock);
    }
    splitter_ = cpu.id();
    return Outcome::done;
}

bool DirectMap::split(Cpu& cpu, Pfn pfn, const Leaf& leaf, Pfn table) {
    const Account account{cpu, kSplit};
    const LockGuard lock{cpu, kPgdLock};
    const Leaf now = look_up(cpu, pfn);
    if (now.level != leaf.level || now.value != leaf.value) return false;
    cpu.retire(Step::split_fill);
    const x86::PageSize size = x86::leaf_size(leaf.level.below());
    // The flags are inherited, A, D and G included; PS only where the smaller leaf needs it.
    const std::uint64_t flags = leaf.value.flags() & ~Pte::kPageSizeBit;
    std::array<Pte, x86::kEntriesPerTable> entries;
    for (std::uint64_t i = 0; i < entries.size(); ++i)
        entries[i] = Pte::leaf(leaf.value.frame(leaf.level) + PageCount{leaf.level.below().pages().raw() * i}, size, flags);
    {
        const KeyRegister::Guard writable = keys_.writable(cpu);
        cpu.fill_table(layout::direct_map(table), entries);
        cpu.store_pte(leaf.entry, Pte::table(table, kKernelTable));
    }
    KernelCounters& mine = counters(cpu.id());
    ++(leaf.level == x86::kPdpte ? mine.direct_map_level3_splits : mine.direct_map_level2_splits);
    flush_.all(cpu);
    return true;
}

}  // namespace splinter::alloc
