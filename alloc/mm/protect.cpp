// mprotect(), pkey_mprotect(): mprotect_fixup(), change_protection(), change_pte_range() of mm/mprotect.c, Linux 6.12;
// arch/x86/include/asm/tlbflush.h. Part of AddressSpace.
#include <algorithm>

#include "alloc/mm/address_space.h"
#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Pte;

namespace {

// pte_needs_flush(): bits that need a flush when they are cleared, and when they change at all. An entry that was not present
// is cached nowhere.
constexpr std::uint64_t kFlushOnClear = Pte::kPresent | Pte::kDirty;
constexpr std::uint64_t kFlushOnChange = Pte::kWritable | Pte::kUser | Pte::kWriteThrough | Pte::kCacheDisable |
                                         Pte::kPageSizeBit | Pte::kGlobal | Pte::kKeyMask | Pte::kNoExecute;

}  // namespace

bool AddressSpace::change_needs_flush(Pte from, Pte to) {
    if (!from.present()) return false;
    const std::uint64_t changed = from.flags() ^ to.flags();
    return (changed & from.flags() & kFlushOnClear) != 0 || (changed & kFlushOnChange) != 0;
}

void AddressSpace::mprotect(Cpu& cpu, VirtAddr start, PageCount pages, PageRights rights) {
    change(cpu, start, pages, rights, std::nullopt);
}

void AddressSpace::pkey_mprotect(Cpu& cpu, VirtAddr start, PageCount pages, PageRights rights, unsigned key) {
    change(cpu, start, pages, rights, key);
}

void AddressSpace::change(Cpu& cpu, VirtAddr start, PageCount pages, PageRights rights, std::optional<unsigned> key) {
    const Account account{cpu, kMprotect};
    cpu.retire(Step::vma_change);
    const MmapWriteGuard lock{cpu, mmap_lock_};
    const VirtAddr stop = start + pages.raw() * kPageBytes;
    split_at(start);
    split_at(stop);
    MmuGather gather;
    for (Area& area : areas_) {
        if (area.start < start || stop <= area.start) continue;
        area.rights = rights;
        if (key) area.key = *key;
        change_area(cpu, gather, area);
    }
    flush_gathered(cpu, gather);
}

void AddressSpace::change_area(Cpu& cpu, MmuGather& gather, const Area& area) {
    for (VirtAddr at = area.start; at < area.end();) {
        const VirtAddr end = std::min(area.end(), VirtAddr{(at.raw() / kTableBytes + 1) * kTableBytes});
        if (!change_huge(cpu, gather, area, at, end))
            if (const auto table = find_pte_table(cpu, at)) change_ptes(cpu, gather, *table, area, at, end);
        at = end;
    }
}

void AddressSpace::change_ptes(Cpu& cpu, MmuGather& gather, Pfn table, const Area& area, VirtAddr start, VirtAddr end) {
    const TableLock lock{cpu, parts_.pgalloc, table};
    const KeyRegister::Guard lazy = parts_.pgalloc.lazy_section(cpu);
    for (VirtAddr at = start; at < end; at = at + kPageBytes) {
        const VirtAddr entry = entry_in(table, x86::kPte, at);
        const Pte old = cpu.load_pte(entry);
        if (old == Pte{}) continue;
        const Pte now = changed(old, area);
        cpu.retire(Step::change_pte);
        parts_.pgalloc.set(cpu, entry, now);
        if (change_needs_flush(old, now)) gather.cover(at, kPageBytes, PageCount{1});
    }
}

// pte_modify(); written at once only if no other space has the page (can_change_pte_writable()).
Pte AddressSpace::changed(Pte old, const Area& area) {
    const Pte now = leaf_of(area, old.frame());
    const bool shared = parts_.folios.shared(parts_.folios.head_of(old.frame()));
    return shared ? now.without(Pte::kWritable) : now;
}

}  // namespace splinter::alloc
