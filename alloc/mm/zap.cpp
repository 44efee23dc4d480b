// munmap() and exit_mmap(): unmap_page_range(), free_pgtables() of mm/memory.c, mm/mmu_gather.c, Linux 6.12. Part of
// AddressSpace.
#include <algorithm>

#include "alloc/mm/address_space.h"
#include "alloc/mm/gathered_memory.h"
#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Level;
using x86::Pte;

namespace {

VirtAddr round_down(VirtAddr va, std::uint64_t bytes) { return VirtAddr{va.raw() & ~(bytes - 1)}; }

}  // namespace

void AddressSpace::munmap(Cpu& cpu, VirtAddr start) {
    const auto found = std::ranges::find(areas_, start, &Area::start);
    SPLINTER_CHECK(found != areas_.end(), "munmap() of an area that is mapped");
    munmap(cpu, start, found->pages);
}

// do_vmi_munmap(), unmap_region().
void AddressSpace::munmap(Cpu& cpu, VirtAddr start, PageCount pages) {
    const Account account{cpu, kMunmap};
    const MmapWriteGuard lock{cpu, mmap_lock_};
    remove(cpu, start, start + pages.raw() * kPageBytes);
}

void AddressSpace::remove(Cpu& cpu, VirtAddr start, VirtAddr end) {
    split_at(start);
    split_at(end);
    std::vector<Area> removed;
    std::erase_if(areas_, [&](const Area& area) {
        if (area.start < start || end <= area.start) return false;
        removed.push_back(area);
        return true;
    });
    MmuGather gather;
    for (const Area& area : removed) unmap(cpu, gather, area.start, area.end());
    for (const Area& area : removed) free_tables(cpu, gather, area);
    flush_gathered(cpu, gather);
}

// madvise_dontneed_single_vma(), zap_page_range_single().
void AddressSpace::dontneed(Cpu& cpu, VirtAddr start, PageCount pages) {
    const Account account{cpu, kMadvise};
    cpu.retire(Step::madvise);
    const MmapReadGuard lock{cpu, mmap_lock_};
    MmuGather gather;
    unmap(cpu, gather, start, start + pages.raw() * kPageBytes);
    flush_gathered(cpu, gather);
}

// exit_mm() leaves the space lazily; the flush of exit_mmap() then sends this CPU, as others that are lazy, to init_mm.
void AddressSpace::exit(Cpu& cpu) {
    const Account account{cpu, kExit};
    TlbState& state = parts_.flush.state();
    if (&state.loaded_mm(cpu.id()) == &mm_) state.enter_lazy_tlb(cpu);
    exiting_ = true;
    MmuGather gather;
    for (const Area& area : areas_) unmap(cpu, gather, area.start, area.end());
    while (!areas_.empty()) {  // a table goes with the last area that needs it
        const Area area = areas_.front();
        areas_.erase(areas_.begin());
        free_tables(cpu, gather, area);
    }
    if (gather.needs_flush())
        flush_gathered(cpu, gather);
    else if (!mm_.cpus.empty())
        parts_.flush.whole(cpu, mm_);  // an empty space needs no flush: in Linux it would wait for the CPUs that have it
    state.destroy(cpu, mm_);
    parts_.pgalloc.free_table(cpu, pgd());  // pgd_free()
    exited_ = true;
}

void AddressSpace::unmap(Cpu& cpu, MmuGather& gather, VirtAddr start, VirtAddr stop) {
    for (VirtAddr at = start; at < stop;) {
        const VirtAddr end = std::min(stop, round_down(at, kTableBytes) + kTableBytes);
        if (zap_huge(cpu, gather, at, end)) {
            at = end;
            continue;
        }
        const auto table = find_pte_table(cpu, at);
        while (table && at < end) {
            at = zap_ptes(cpu, gather, *table, at, end);
            if (at < end) flush_gathered(cpu, gather);
        }
        at = end;
    }
}

// zap_pte_range(): returns the address at which it stopped, the end or where the gather was full.
VirtAddr AddressSpace::zap_ptes(Cpu& cpu, MmuGather& gather, Pfn table, VirtAddr start, VirtAddr end) {
    const TableLock lock{cpu, parts_.pgalloc, table};
    const KeyRegister::Guard lazy = parts_.pgalloc.lazy_section(cpu);
    for (VirtAddr at = start; at < end;) {
        const VirtAddr entry = entry_in(table, x86::kPte, at);
        const Pte value = cpu.load_pte(entry);
        if (value == Pte{}) {
            at = at + kPageBytes;
            continue;
        }
        const std::uint64_t zapped = zap_present(cpu, entry, (end - at) / kPageBytes, value);
        gather.cover(at, zapped * kPageBytes, PageCount{1});
        at = at + zapped * kPageBytes;
        if (gather.add(parts_.folios.head_of(value.frame()), static_cast<std::uint32_t>(zapped))) return at;
    }
    return end;
}

// zap_present_ptes(): get_and_clear_full_ptes() loops over ptep_get_and_clear_full(), a guard each.
std::uint64_t AddressSpace::zap_present(Cpu& cpu, VirtAddr entry, std::uint64_t most, Pte first) {
    const Pfn page = first.frame();
    const Pfn head = parts_.folios.head_of(page);
    const Order order = parts_.folios.order_of(page);
    std::uint64_t batch = 1;
    if (order != Order{0U}) {
        most = std::min(most, (head + order.pages() - page).raw());
        while (batch < most && cpu.load_pte(entry + batch * 8).frame() == page + PageCount{batch}) ++batch;
    }
    for (std::uint64_t i = 0; i < batch; ++i) parts_.pgalloc.set(cpu, entry + i * 8, Pte{});
    cpu.retire(order == Order{0U} ? Step::zap_pte : Step::zap_pte_large, batch);
    cpu.touch(layout::struct_page(head), Touch::owned);  // folio_remove_rmap_ptes()
    return batch;
}

// Whether an area that is still there needs a table for these addresses (the floor and ceiling of free_pgd_range()).
bool AddressSpace::in_use(VirtAddr begin, std::uint64_t bytes) const {
    return std::ranges::any_of(areas_, [&](const Area& area) { return area.start < begin + bytes && begin < area.end(); });
}

void AddressSpace::free_tables(Cpu& cpu, MmuGather& gather, const Area& area) {
    const Account account{cpu, kFreePgTables};
    free_tables_below(cpu, gather, pgd(), x86::kPml4e, area);
}

// free_p4d_range(), free_pud_range(), free_pmd_range(), free_pte_range(): the entry is cleared after what it covers is done.
void AddressSpace::free_tables_below(Cpu& cpu, MmuGather& gather, Pfn table, Level level, const Area& area) {
    for (VirtAddr at = round_down(area.start, level.bytes()); at < area.end(); at = at + level.bytes()) {
        const VirtAddr entry = entry_in(table, level, at);
        const Pte value = cpu.load_pte(entry);
        if (!value.present()) continue;
        if (level.below() > x86::kPte) {
            const VirtAddr begin = std::max(at, area.start);
            const VirtAddr end = std::min(at + level.bytes(), area.end());
            free_tables_below(cpu, gather, value.next_table(), level.below(), {begin, PageCount{(end - begin) / kPageBytes}});
        }
        if (in_use(at, level.bytes())) continue;
        parts_.pgalloc.set(cpu, entry, Pte{});  // pmd_clear() and its like, outside of lazy sections
        // The flush begins where the area does, not where the table does.
        gather.add_table(value.next_table(), std::max(at, round_down(area.start, kTableBytes)), level.pages());
    }
}

// tlb_flush_mmu(): the flush, then the tables, then the pages.
void AddressSpace::flush_gathered(Cpu& cpu, MmuGather& gather) {
    if (!gather.needs_flush()) return;
    const auto tables = gather.tables().empty() ? RemoteWork::Tables::kept : RemoteWork::Tables::freed;
    UnmappedMemoryPtr memory = std::make_unique<GatheredMemory>(parts_, gather);
    if (exiting_) {
        parts_.flush.whole(cpu, mm_);
        memory->free(cpu);
    } else if (memory->pages() == PageCount{0}) {  // rights have changed
        parts_.flush.mm_range(cpu, mm_, gather.start(), gather.bytes(), gather.stride(), tables);
    } else {
        parts_.flush.unmapped(cpu, mm_, gather.start(), gather.bytes(), gather.stride(), tables, std::move(memory));
    }
    gather.clear();
}

}  // namespace splinter::alloc
