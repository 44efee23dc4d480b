// Write faults: do_anonymous_page(), do_wp_page(), wp_page_reuse(), wp_page_copy() of mm/memory.c, Linux 6.12. The old entry is
// cleared and flushed before the copy's entry is written, one page at a time (ptep_clear_flush()). Part of AddressSpace.
// Leaves out: large folios, which are copied page by page in Linux as well, but whose folio then stays whole.
#include "alloc/mm/address_space.h"
#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Pte;

AddressSpace::Outcome AddressSpace::write_fault(Cpu& cpu, VirtAddr va) {
    const Account account{cpu, kFault};
    const auto table = find_pte_table(cpu, va);
    if (!table) return fault(cpu, va, Order{0U});
    const VirtAddr entry = entry_in(*table, x86::kPte, va);
    settle(cpu);
    const Pte value = cpu.load_pte(entry);
    if (value == Pte{}) return fault(cpu, va, Order{0U});
    SPLINTER_CHECK(value.present(), "a write to an area that may be written");
    if (value.has(Pte::kWritable)) return Outcome::done;
    return copy_page(cpu, va, entry, *table);
}

AddressSpace::Outcome AddressSpace::give_back(Cpu& cpu, Pfn page) {
    (void)parts_.folios.put(page, static_cast<std::uint32_t>(parts_.folios.order_of(page).pages().raw()));
    parts_.pages.free_pages(cpu, page, parts_.folios.order_of(page));
    return Outcome::done;
}

AddressSpace::Outcome AddressSpace::copy_page(Cpu& cpu, VirtAddr va, VirtAddr entry, Pfn table) {
    cpu.retire(Step::wp_fault);
    const Pfn old = cpu.load_pte(entry).frame();
    SPLINTER_CHECK(parts_.folios.order_of(old) == Order{0U}, "small folios are copied on a write");
    if (!parts_.folios.shared(old)) {  // wp_page_reuse()
        const TableLock lock{cpu, parts_.pgalloc, table};
        parts_.pgalloc.set(cpu, entry, cpu.load_pte(entry).with(Pte::kWritable));
        return Outcome::done;
    }
    const auto copy = parts_.pages.alloc_pages(cpu, {.freetype = kMovable});
    if (!copy) return Outcome::no_memory;
    cpu.retire(Step::copy_page);
    cpu.touch(layout::struct_page(*copy), Touch::owned);
    parts_.folios.add(*copy, Order{0U});
    {
        const TableLock lock{cpu, parts_.pgalloc, table};
        const Pte before = cpu.load_pte(entry);
        if (before.frame() != old) return give_back(cpu, *copy);  // another thread was first
        parts_.pgalloc.set(cpu, entry, Pte{});
        parts_.flush.page(cpu, mm_, va);
        parts_.pgalloc.set(cpu, entry, Pte::leaf(*copy, x86::PageSize::k4, before.flags() | Pte::kWritable));
    }
    cpu.touch(layout::struct_page(old), Touch::owned);
    if (!parts_.folios.put(old, 1)) parts_.pages.free_pages(cpu, old, Order{0U});
    return Outcome::done;
}

}  // namespace splinter::alloc
