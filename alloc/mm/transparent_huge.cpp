// Transparent huge pages, as far as flushes need them: do_huge_pmd_anonymous_page(), zap_huge_pmd(), change_huge_pmd(),
// __split_huge_pmd() of mm/huge_memory.c, Linux 6.12. Part of AddressSpace.
// Leaves out: khugepaged, the split of the folio itself (it stays one, mapped by PTEs), huge zero pages.
#include <optional>

#include "alloc/mm/address_space.h"
#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Pte;

namespace {

constexpr PageCount kTablePages = x86::kPde.pages();

VirtAddr base_of_table(VirtAddr va) { return VirtAddr{va.raw() & ~(kTableBytes - 1)}; }

}  // namespace

bool AddressSpace::whole_table(VirtAddr va, VirtAddr end) const {
    return va.raw() % kTableBytes == 0 && end - va >= kTableBytes;
}

// A table of PTEs is taken at once and put aside, so that a split cannot fail.
AddressSpace::Outcome AddressSpace::fault_huge(Cpu& cpu, VirtAddr va) {
    cpu.retire(Step::anon_fault);
    const auto table = alloc_table(cpu, va, x86::kPde);
    if (!table) return Outcome::no_memory;
    const auto deposit = parts_.pgalloc.new_table(cpu);
    if (!deposit) return Outcome::no_memory;
    const auto head = parts_.pages.alloc_pages(cpu, {.order = kHugeOrder, .freetype = kMovable, .contents = Contents::zeroed});
    if (!head) {
        parts_.pgalloc.free_table(cpu, *deposit);
        return Outcome::no_memory;
    }
    cpu.touch(layout::struct_page(*head), Touch::owned);
    parts_.folios.add(*head, kHugeOrder);
    const TableLock lock{cpu, parts_.pgalloc, *table};
    deposited_.emplace(va, *deposit);
    parts_.pgalloc.set(cpu, entry_in(*table, x86::kPde, va), Pte::leaf(*head, x86::PageSize::m2, kUserLeaf));
    return Outcome::done;
}

std::optional<VirtAddr> AddressSpace::huge_entry(Cpu& cpu, VirtAddr va) const {
    if (!has_huge_) return std::nullopt;
    const auto table = find_table(cpu, va, x86::kPde);
    if (!table) return std::nullopt;
    const VirtAddr entry = entry_in(*table, x86::kPde, va);
    return cpu.load_pte(entry).has(Pte::kPageSizeBit) ? std::optional{entry} : std::nullopt;
}

Pfn AddressSpace::withdraw_table(VirtAddr va) {
    const auto found = deposited_.find(base_of_table(va));
    SPLINTER_CHECK(found != deposited_.end(), "each huge page has a table put aside");
    const Pfn table = found->second;
    deposited_.erase(found);
    return table;
}

bool AddressSpace::zap_huge(Cpu& cpu, MmuGather& gather, VirtAddr start, VirtAddr end) {
    const auto entry = huge_entry(cpu, start);
    if (!entry) return false;
    if (end - start != kTableBytes) {
        split_huge(cpu, *entry, start);
        return false;
    }
    const TableLock lock{cpu, parts_.pgalloc, holder_of(*entry)};
    const Pte value = cpu.load_pte(*entry);
    parts_.pgalloc.set(cpu, *entry, Pte{});
    cpu.retire(Step::zap_pte);
    gather.cover(start, kTableBytes, kTablePages);
    parts_.pgalloc.free_table(cpu, withdraw_table(start));  // no walk ever saw it
    // A gather that is full now is flushed with the next one: there is no flush in the middle of a PDE.
    (void)gather.add(value.frame(x86::kPde), static_cast<std::uint32_t>(kTablePages.raw()));
    return true;
}

bool AddressSpace::change_huge(Cpu& cpu, MmuGather& gather, const Area& area, VirtAddr start, VirtAddr end) {
    const auto entry = huge_entry(cpu, start);
    if (!entry) return false;
    if (end - start != kTableBytes) {
        split_huge(cpu, *entry, start);
        return false;
    }
    const TableLock lock{cpu, parts_.pgalloc, holder_of(*entry)};
    const Pte old = cpu.load_pte(*entry);
    const Pte now = Pte::leaf(old.frame(x86::kPde), x86::PageSize::m2, leaf_of(area, Pfn{0}).flags());
    cpu.retire(Step::change_pte);
    parts_.pgalloc.set(cpu, *entry, now);
    if (change_needs_flush(old, now)) gather.cover(start, kTableBytes, kTablePages);
    return true;
}

// __split_huge_pmd_locked(): the entry is invalidated and flushed (pmdp_invalidate()) before the table takes its place, so that
// no TLB has translations of both sizes.
void AddressSpace::split_huge(Cpu& cpu, VirtAddr entry, VirtAddr va) {
    const VirtAddr base = base_of_table(va);
    const TableLock lock{cpu, parts_.pgalloc, holder_of(entry)};
    const Pte value = cpu.load_pte(entry);
    const Pfn table = withdraw_table(va);
    parts_.pgalloc.set(cpu, entry, value.without(Pte::kPresent));
    parts_.flush.mm_range(cpu, mm_, base, kTableBytes, kTablePages, RemoteWork::Tables::kept);
    cpu.retire(Step::split_fill);
    const std::uint64_t flags = value.flags() & ~Pte::kPageSizeBit;
    for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i)
        parts_.pgalloc.set(cpu, layout::direct_map(base_of(table) + i * 8),
                           Pte::leaf(value.frame(x86::kPde) + PageCount{i}, x86::PageSize::k4, flags));
    parts_.pgalloc.set(cpu, entry, Pte::table(table, kUserTable));
}

}  // namespace splinter::alloc
