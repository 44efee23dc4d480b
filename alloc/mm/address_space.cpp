#include "alloc/mm/address_space.h"

#include <algorithm>
#include <exception>

#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Level;
using x86::Pte;

std::unique_ptr<AddressSpace> AddressSpace::create(Cpu& cpu, const MmParts& parts, MmUse use) {
    const auto pgd = parts.pgalloc.new_pgd(cpu);
    if (!pgd) return nullptr;
    std::unique_ptr<AddressSpace> space{new AddressSpace{parts}};
    parts.flush.state().init(cpu, space->mm_, *pgd, use);
    return space;
}

AddressSpace::~AddressSpace() {
    // Not while an exception unwinds: then the run is over.
    if (!exited_ && std::uncaught_exceptions() == 0) std::terminate();
}

std::optional<Pfn> AddressSpace::alloc_pte_table(Cpu& cpu, VirtAddr va) { return alloc_table(cpu, va, x86::kPte); }

std::optional<Pfn> AddressSpace::alloc_table(Cpu& cpu, VirtAddr va, Level wanted) {
    Pfn table = pgd();
    for (Level level = x86::kPml4e; level > wanted; level = level.below()) {
        const VirtAddr entry = entry_in(table, level, va);
        settle(cpu);
        const Pte value = cpu.load_pte(entry);
        if (value.present()) {
            table = value.next_table();
            continue;
        }
        const auto made = parts_.pgalloc.new_table(cpu);
        if (!made) return std::nullopt;
        table = install(cpu, table, entry, *made);
    }
    return table;
}

// pmd_install() and its like: allocated before the lock is taken, so that somebody else may have been first.
Pfn AddressSpace::install(Cpu& cpu, Pfn holder, VirtAddr entry, Pfn table) {
    Pte now;
    {
        const TableLock lock{cpu, parts_.pgalloc, holder};
        now = cpu.load_pte(entry);
        if (!now.present()) parts_.pgalloc.set(cpu, entry, Pte::table(table, kUserTable));
    }
    if (!now.present()) return table;
    parts_.pgalloc.free_table(cpu, table);
    return now.next_table();
}

std::optional<Pfn> AddressSpace::find_table(Cpu& cpu, VirtAddr va, Level wanted) const {
    Pfn table = pgd();
    for (Level level = x86::kPml4e; level > wanted; level = level.below()) {
        settle(cpu);
        const Pte value = cpu.load_pte(entry_in(table, level, va));
        if (!value.present() || value.is_leaf(level)) return std::nullopt;
        table = value.next_table();
    }
    return table;
}

AddressSpace::Area& AddressSpace::area_at(VirtAddr va) {
    const auto found = std::ranges::find_if(areas_, [&](const Area& area) { return area.start <= va && va < area.end(); });
    SPLINTER_CHECK(found != areas_.end(), "an address that is mapped");
    return *found;
}

void AddressSpace::split_at(VirtAddr va) {
    for (std::size_t i = 0; i < areas_.size(); ++i) {
        Area& area = areas_[i];
        if (va <= area.start || area.end() <= va) continue;
        Area rest = area;
        rest.start = va;
        rest.pages = PageCount{(area.end() - va) / kPageBytes};
        area.pages -= rest.pages;
        areas_.insert(areas_.begin() + static_cast<std::ptrdiff_t>(i) + 1, rest);
        return;
    }
}

// vm_get_page_prot(), mk_pte(). PROT_NONE: not present, with the Global bit, which tells it from nothing (_PAGE_PROTNONE).
Pte AddressSpace::leaf_of(const Area& area, Pfn page) {
    std::uint64_t flags = kUserLeaf | std::uint64_t{area.key} << Pte::kKeyShift;
    if (area.rights != PageRights::read_write) flags &= ~Pte::kWritable;
    if (area.rights == PageRights::none) flags = (flags & ~(Pte::kPresent | Pte::kUser)) | kProtNone;
    return Pte::leaf(page, x86::PageSize::k4, flags);
}

AddressSpace::Outcome AddressSpace::populate(Cpu& cpu, VirtAddr start, PageCount pages, FolioSize folios) {
    const Account account{cpu, kFault};
    const Area area{start, pages};
    {
        const MmapWriteGuard lock{cpu, mmap_lock_};
        SPLINTER_CHECK(!in_use(start, area.end() - start), "mmap() takes free addresses");
        areas_.insert(std::ranges::upper_bound(areas_, start, {}, &Area::start), area);
        has_huge_ = has_huge_ || folios == FolioSize::transparent;
    }
    const Order order{folios == FolioSize::huge ? 9U : 0U};
    for (VirtAddr va = start; va < area.end();) {
        const bool huge = folios == FolioSize::transparent && whole_table(va, area.end());
        if ((huge ? fault_huge(cpu, va) : fault(cpu, va, order)) != Outcome::done) return Outcome::no_memory;
        va = va + (huge ? kHugeOrder : order).pages().raw() * kPageBytes;
    }
    return Outcome::done;
}

// do_anonymous_page(): the table first (pte_alloc()), then the folio, then the entries under the table's lock.
AddressSpace::Outcome AddressSpace::fault(Cpu& cpu, VirtAddr va, Order order) {
    cpu.retire(Step::anon_fault);
    const auto table = alloc_pte_table(cpu, va);
    if (!table) return Outcome::no_memory;
    const auto head = parts_.pages.alloc_pages(cpu, {.order = order, .freetype = kMovable, .contents = Contents::zeroed});
    if (!head) return Outcome::no_memory;
    cpu.touch(layout::struct_page(*head), Touch::owned);
    parts_.folios.add(*head, order);
    const TableLock lock{cpu, parts_.pgalloc, *table};
    const VirtAddr first = entry_in(*table, x86::kPte, va);
    if (mm_.use == MmUse::any_cpu && cpu.load_pte(first) != Pte{}) return give_back(cpu, *head);
    for (std::uint64_t i = 0; i < order.pages().raw(); ++i)  // set_ptes()
        parts_.pgalloc.set(cpu, first + i * 8, Pte::leaf(*head + PageCount{i}, x86::PageSize::k4, kUserLeaf));
    return Outcome::done;
}

}  // namespace splinter::alloc
