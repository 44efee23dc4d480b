// mremap() to another address: move_vma(), move_page_tables(), move_ptes(), move_normal_pmd() of mm/mremap.c, Linux 6.12. A
// table at a time, or the part of it that both addresses share, each with a flush of its own under the tables' locks; then the
// old range is unmapped, whose tables go with one more flush. Part of AddressSpace.
// Leaves out: the move of whole tables of PDEs, and of ranges that reach an aligned table only if they are extended
// (try_realign_addr()).
#include <algorithm>

#include "alloc/mm/address_space.h"
#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Pte;

namespace {

std::uint64_t to_next_table(VirtAddr va) { return kTableBytes - va.raw() % kTableBytes; }

}  // namespace

AddressSpace::Outcome AddressSpace::mremap(Cpu& cpu, VirtAddr start, PageCount pages, VirtAddr to) {
    const Account account{cpu, kMremap};
    cpu.retire(Step::vma_change);
    const MmapWriteGuard lock{cpu, mmap_lock_};
    Area moved = area_at(start);
    SPLINTER_CHECK(moved.start == start && moved.pages == pages, "mremap() of a whole area");
    moved.start = to;
    SPLINTER_CHECK(!in_use(to, pages.raw() * kPageBytes), "mremap() to free addresses");
    areas_.insert(std::ranges::upper_bound(areas_, to, {}, &Area::start), moved);
    const VirtAddr end = start + pages.raw() * kPageBytes;
    if (!move_tables(cpu, start, end, to)) return Outcome::no_memory;
    remove(cpu, start, end);
    return Outcome::done;
}

// Extents end where a table of either range does (get_extent()).
bool AddressSpace::move_tables(Cpu& cpu, VirtAddr from, VirtAddr end, VirtAddr to) {
    while (from < end) {
        const std::uint64_t bytes = std::min({end - from, to_next_table(from), to_next_table(to)});
        if (!move_extent(cpu, from, bytes, to)) return false;
        from = from + bytes;
        to = to + bytes;
    }
    return true;
}

bool AddressSpace::move_extent(Cpu& cpu, VirtAddr from, std::uint64_t bytes, VirtAddr to) {
    if (!find_pte_table(cpu, from)) return true;
    if (bytes == kTableBytes) return move_whole_table(cpu, from, to);
    const auto new_table = alloc_pte_table(cpu, to);
    if (!new_table) return false;
    move_ptes(cpu, from, bytes, *find_pte_table(cpu, from), to, *new_table);
    return true;
}

// The table changes its place. Its flush counts as one of its pages.
bool AddressSpace::move_whole_table(Cpu& cpu, VirtAddr from, VirtAddr to) {
    const Pfn old_holder = *find_table(cpu, from, x86::kPde);
    const auto new_holder = alloc_table(cpu, to, x86::kPde);
    if (!new_holder) return false;
    const VirtAddr old_entry = entry_in(old_holder, x86::kPde, from);
    const VirtAddr new_entry = entry_in(*new_holder, x86::kPde, to);
    const TableLock old_lock{cpu, parts_.pgalloc, old_holder};
    std::optional<TableLock> new_lock;
    if (*new_holder != old_holder) new_lock.emplace(cpu, parts_.pgalloc, *new_holder);
    const Pte table = cpu.load_pte(old_entry);
    SPLINTER_CHECK(cpu.load_pte(new_entry) == Pte{}, "free addresses have no table of PTEs to themselves");
    parts_.pgalloc.set(cpu, old_entry, Pte{});
    parts_.pgalloc.set(cpu, new_entry, table);
    parts_.flush.mm_range(cpu, mm_, from, kTableBytes, PageCount{1}, RemoteWork::Tables::kept);
    return true;
}

void AddressSpace::move_ptes(Cpu& cpu, VirtAddr from, std::uint64_t bytes, Pfn old_table, VirtAddr to, Pfn new_table) {
    const TableLock old_lock{cpu, parts_.pgalloc, old_table};
    std::optional<TableLock> new_lock;
    if (new_table != old_table) new_lock.emplace(cpu, parts_.pgalloc, new_table);
    bool flush = false;
    {
        const KeyRegister::Guard lazy = parts_.pgalloc.lazy_section(cpu);
        for (std::uint64_t offset = 0; offset < bytes; offset += kPageBytes) {
            const VirtAddr entry = entry_in(old_table, x86::kPte, from + offset);
            const Pte value = cpu.load_pte(entry);
            if (value == Pte{}) continue;
            cpu.retire(Step::move_pte);
            parts_.pgalloc.set(cpu, entry, Pte{});
            parts_.pgalloc.set(cpu, entry_in(new_table, x86::kPte, to + offset), value);
            flush = flush || is_mapped(value);
        }
    }
    if (flush) parts_.flush.mm_range(cpu, mm_, from, bytes, PageCount{1}, RemoteWork::Tables::kept);
}

}  // namespace splinter::alloc
