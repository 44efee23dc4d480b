#include "alloc/map/direct_map.h"

#include <algorithm>
#include <array>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {

using x86::Level;
using x86::Pte;

namespace {

// First frame that a leaf of `level` around `pfn` maps.
Pfn leaf_start(Pfn pfn, Level level) { return Pfn{pfn.raw() & ~(level.pages().raw() - 1)}; }

}  // namespace

void ChangedLeaves::add(PfnRange range, std::uint64_t flags) {
    flags &= ~Pte::kPageSizeBit;
    if (!parts.empty() && parts.back().range.end() == range.first && parts.back().flags == flags)
        parts.back().range.count += range.count;
    else
        parts.push_back({range, flags});
}

DirectMap::DirectMap(Pfn root, PageTablePages& tables, KeyRegister& keys, TlbFlush& flush, std::size_t cpus)
    : root_{root}, tables_{tables}, keys_{keys}, flush_{flush}, counters_(cpus) {}

DirectMap::Leaf DirectMap::look_up(Cpu& cpu, Pfn pfn) const {
    const VirtAddr va = layout::direct_map(pfn);
    Pfn table = root_;
    for (Level level = x86::kPml4e;; level = level.below()) {
        const VirtAddr entry = layout::direct_map(base_of(table) + level.index(va) * 8);
        const Pte value = cpu.load_pte(entry);
        // lookup_address(): what is not present is a leaf of its level.
        if (value.is_leaf(level) || !value.present()) return {entry, value, level};
        table = value.next_table();
    }
}

DirectMap::Outcome DirectMap::change(Cpu& cpu, PfnRange range, const LeafChange& change, ChangedLeaves* changed) {
    const Account account{cpu, kDirectMap};
    Splitting splitting = Splitting::not_yet;
    Outcome outcome = Outcome::done;
    for (Pfn at = range.first; at < range.end();) {
        cpu.lock(kCpaLock);
        const auto done = change_leaf(cpu, {at, range.end() - at}, change, changed, splitting);
        cpu.unlock(kCpaLock);
        if (!done) {
            outcome = Outcome::no_memory;
            break;
        }
        at += *done;
    }
    if (splitting == Splitting::ready && split_lock_ == SplitLock::global) {
        splitter_.reset();
        cpu.unlock(kSplitLock);
    }
    return outcome;
}

std::optional<PageCount> DirectMap::change_leaf(Cpu& cpu, PfnRange range, const LeafChange& change, ChangedLeaves* changed,
                                                Splitting& splitting) {
    while (true) {
        cpu.retire(Step::cpa_lookup);
        const Leaf leaf = look_up(cpu, range.first);
        const Pfn first = leaf_start(range.first, leaf.level);
        const PfnRange inside{range.first, std::min(first + leaf.level.pages(), range.end()) - range.first};
        if (leaf.value == Pte{}) return inside.count;  // __cpa_process_fault()
        const bool forced = change.split == LeafChange::Split::always && leaf.level != x86::kPte;
        const bool whole = inside == PfnRange{first, leaf.level.pages()};
        if (!forced && !change.changes(leaf.value, leaf.level)) return inside.count;
        if (!forced && whole) {
            cpu.retire(Step::cpa_set_leaf);
            const KeyRegister::Guard writable = keys_.writable(cpu);
            cpu.store_pte(leaf.entry, change.apply(leaf.value, leaf.level));
            if (changed != nullptr) changed->add(inside, leaf.value.flags());
            return inside.count;
        }
        if (split(cpu, range.first, leaf.level, splitting) == Outcome::no_memory) return std::nullopt;
        // From the top: the leaf is smaller now.
    }
}

DirectMap::Outcome DirectMap::change_or_undo(Cpu& cpu, PfnRange range, const LeafChange& change) {
    ChangedLeaves changed;
    const Outcome outcome = this->change(cpu, range, change, &changed);
    if (outcome == Outcome::no_memory) undo(cpu, changed);
    return outcome;
}

void DirectMap::undo(Cpu& cpu, const ChangedLeaves& changed) {
    for (const ChangedLeaves::Part& part : changed.parts) {
        const Outcome undone = change(cpu, part.range, LeafChange::back_to(part.flags));
        SPLINTER_CHECK(undone == Outcome::done, "leaves that a change has rewritten are whole: undoing it splits none");
    }
}

DirectMap::Outcome DirectMap::split(Cpu& cpu, Pfn pfn, Level level, Splitting& splitting) {
    cpu.unlock(kCpaLock);
    std::optional<Pfn> table;
    if (splitting == Splitting::ready || get_ready(cpu) == Outcome::done) {
        splitting = Splitting::ready;
        table = tables_.allocate(cpu, TableUse::split);
    }
    cpu.lock(kCpaLock);
    if (!table) return Outcome::no_memory;
    const bool used = install(cpu, pfn, level, *table);
    if (used && !tables_.protects_linked_splits()) return Outcome::done;
    // Linux frees it with cpa_lock held; policies that protect pages may need the lock.
    cpu.unlock(kCpaLock);
    const bool stays = used && tables_.linked(cpu, *table) == PageTablePages::Ready::yes;
    if (used && !stays) take_back(cpu, pfn, level, *table);
    if (!stays) tables_.release(cpu, *table);
    cpu.lock(kCpaLock);
    return used && !stays ? Outcome::no_memory : Outcome::done;
}

// As collapse_page_group() of 6.15 does it: the leaf comes back in place of the table, and everything is flushed.
void DirectMap::take_back(Cpu& cpu, Pfn pfn, Level level, Pfn table) {
    const LockGuard cpa{cpu, kCpaLock};
    const LockGuard pgd{cpu, kPgdLock};
    const Pfn start = leaf_start(pfn, level);
    const std::uint64_t by_processor = Pte::kAccessed | Pte::kDirty;
    std::uint64_t flags = 0;
    for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) {
        const Pte entry = cpu.load_pte(layout::direct_map(base_of(table) + i * 8));
        if (i == 0) flags = entry.flags();
        const Pfn frame = start + PageCount{level.below().pages().raw() * i};
        if (entry.frame(level.below()) != frame || ((entry.flags() ^ flags) & ~by_processor) != 0)
            throw SimulatedFinding("out of memory: the table of a split is in use and cannot be protected");
        flags |= entry.flags() & by_processor;
    }
    {
        const bool present = (flags & Pte::kPresent) != 0;
        const KeyRegister::Guard writable = keys_.writable(cpu);
        cpu.store_pte(entry_of_table(cpu, start, level),
                      Pte::leaf(start, present ? x86::leaf_size(level) : x86::PageSize::k4, flags & ~Pte::kPageSizeBit));
    }
    ++counters(cpu.id()).direct_map_splits_undone;
    flush_.all(cpu);
}

VirtAddr DirectMap::entry_of_table(Cpu& cpu, Pfn pfn, Level level) const {
    const VirtAddr va = layout::direct_map(pfn);
    Pfn table = root_;
    for (Level at = x86::kPml4e; at > level; at = at.below())
        table = cpu.load_pte(layout::direct_map(base_of(table) + at.index(va) * 8)).next_table();
    return layout::direct_map(base_of(table) + level.index(va) * 8);
}

DirectMap::Outcome DirectMap::get_ready(Cpu& cpu) {
    if (split_lock_ == SplitLock::none)
        return tables_.prepare_split(cpu) == PageTablePages::Ready::yes ? Outcome::done : Outcome::no_memory;
    if (splitter_ == cpu.id())
        throw SimulatedFinding(
            "deadlock: the page-table page of a split is protected by a change that splits as well, under the "
            "split lock that this CPU holds (as kpkeys v5 on block mappings)");
    while (true) {
        if (tables_.prepare_split(cpu) == PageTablePages::Ready::no_memory) return Outcome::no_memory;
        cpu.lock(kSplitLock);
        if (tables_.ready_for_split(cpu)) break;
        cpu.unlock(kSplitLock);
    }
    splitter_ = cpu.id();
    return Outcome::done;
}

bool DirectMap::install(Cpu& cpu, Pfn pfn, Level level, Pfn table) {
    const Account account{cpu, kSplit};
    const LockGuard lock{cpu, kPgdLock};
    const Leaf leaf = look_up(cpu, pfn);
    if (leaf.level != level) return false;
    cpu.retire(Step::split_fill);
    const x86::PageSize size = x86::leaf_size(level.below());
    // The flags are inherited, A, D and G included; PS only where the smaller leaf needs it, and only if it is present.
    const std::uint64_t flags = leaf.value.flags() & ~Pte::kPageSizeBit;
    std::array<Pte, x86::kEntriesPerTable> entries;
    for (std::uint64_t i = 0; i < entries.size(); ++i) {
        const Pfn frame = leaf.value.frame(level) + PageCount{level.below().pages().raw() * i};
        entries[i] = Pte::leaf(frame, leaf.value.present() ? size : x86::PageSize::k4, flags);
    }
    {
        const KeyRegister::Guard writable = keys_.writable(cpu);
        cpu.fill_table(layout::direct_map(table), entries);
        cpu.store_pte(leaf.entry, Pte::table(table, kKernelTable));
    }
    KernelCounters& mine = counters(cpu.id());
    ++(level == x86::kPdpte ? mine.direct_map_level3_splits : mine.direct_map_level2_splits);
    flush_.all(cpu);
    return true;
}

void DirectMap::flush(Cpu& cpu, PfnRange range) {
    const bool large = stride_ == FlushStride::leaf && has_large_leaves_only(cpu, range);
    flush_.kernel_range(cpu, layout::direct_map(range.first), range.count, large ? x86::kPde.pages() : PageCount{1});
}

// Of 2 MiB or more. Their entries are read: the kernel would have to carry their size from the change to the flush.
bool DirectMap::has_large_leaves_only(Cpu& cpu, PfnRange range) const {
    const std::uint64_t large = x86::kPde.pages().raw();
    if (range.first.raw() % large != 0 || range.count.raw() % large != 0) return false;
    for (Pfn at = range.first; at < range.end();) {
        const Leaf leaf = look_up(cpu, at);
        if (leaf.level == x86::kPte) return false;
        at = leaf_start(at, leaf.level) + leaf.level.pages();
    }
    return true;
}

}  // namespace splinter::alloc
