#include "alloc/mm/address_space.h"

#include <algorithm>
#include <exception>

#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Level;
using x86::Pte;

std::unique_ptr<AddressSpace> AddressSpace::create(Cpu& cpu, const MmParts& parts) {
    const auto pgd = parts.pgalloc.new_pgd(cpu);
    if (!pgd) return nullptr;
    return std::unique_ptr<AddressSpace>{new AddressSpace{parts, *pgd}};
}

AddressSpace::~AddressSpace() {
    // Not while an exception unwinds: then the run is over.
    if (!exited_ && std::uncaught_exceptions() == 0) std::terminate();
}

std::optional<Pfn> AddressSpace::alloc_pte_table(Cpu& cpu, VirtAddr va) {
    Pfn table = pgd_;
    for (Level level = x86::kPml4e; level > x86::kPte; level = level.below()) {
        const VirtAddr entry = entry_in(table, level, va);
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
    {
        const TableLock lock{cpu, parts_.pgalloc, holder};
        const Pte now = cpu.load_pte(entry);
        if (!now.present()) {
            parts_.pgalloc.set(cpu, entry, Pte::table(table, kUserTable));
            return table;
        }
        SPLINTER_CHECK(false, "one CPU at a time uses an address space");
    }
    return table;
}

std::optional<Pfn> AddressSpace::find_pte_table(Cpu& cpu, VirtAddr va) const {
    Pfn table = pgd_;
    for (Level level = x86::kPml4e; level > x86::kPte; level = level.below()) {
        const Pte value = cpu.load_pte(entry_in(table, level, va));
        if (!value.present()) return std::nullopt;
        table = value.next_table();
    }
    return table;
}

AddressSpace::Outcome AddressSpace::populate(Cpu& cpu, VirtAddr start, PageCount pages, FolioSize folios) {
    const Account account{cpu, kFault};
    const Area area{start, pages};
    SPLINTER_CHECK(!in_use(start, area.end() - start), "mmap() takes free addresses");
    areas_.insert(std::ranges::upper_bound(areas_, start, {}, &Area::start), area);
    const Order order{folios == FolioSize::huge ? 9U : 0U};
    for (VirtAddr va = start; va < area.end(); va = va + order.pages().raw() * kPageBytes)
        if (fault(cpu, va, order) != Outcome::done) return Outcome::no_memory;
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
    for (std::uint64_t i = 0; i < order.pages().raw(); ++i)  // set_ptes()
        parts_.pgalloc.set(cpu, first + i * 8, Pte::leaf(*head + PageCount{i}, x86::PageSize::k4, kUserLeaf));
    return Outcome::done;
}

}  // namespace splinter::alloc
