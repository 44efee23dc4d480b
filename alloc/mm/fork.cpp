// fork(): copy_page_range() of mm/memory.c, Linux 6.12. Part of AddressSpace.
#include <algorithm>

#include "alloc/mm/address_space.h"

namespace splinter::alloc {

using x86::Pte;

AddressSpace::Outcome AddressSpace::fork(Cpu& cpu, AddressSpace& child) {
    const Account account{cpu, kFork};
    const MmapWriteGuard lock{cpu, mmap_lock_};
    Outcome outcome = Outcome::done;
    for (const Area& area : areas_) {
        child.areas_.push_back(area);
        outcome = copy_range(cpu, child, area);
        if (outcome != Outcome::done) break;
    }
    parts_.flush.whole(cpu, mm_);  // dup_mmap(): flush_tlb_mm(oldmm), also if it fails
    return outcome;
}

AddressSpace::Outcome AddressSpace::copy_range(Cpu& cpu, AddressSpace& child, const Area& area) {
    for (VirtAddr at = area.start; at < area.end();) {
        const VirtAddr end = std::min(area.end(), VirtAddr{(at.raw() / kTableBytes + 1) * kTableBytes});
        if (const auto from = find_pte_table(cpu, at)) {
            const auto to = child.alloc_pte_table(cpu, at);
            if (!to) return Outcome::no_memory;
            copy_ptes(cpu, *from, *to, at, end);
        }
        at = end;
    }
    return Outcome::done;
}

// copy_pte_range(): the child's lock, the parent's within it, one lazy section. It is left early only if somebody waits for a
// lock or for the CPU, which nobody does.
void AddressSpace::copy_ptes(Cpu& cpu, Pfn from, Pfn to, VirtAddr start, VirtAddr end) {
    const TableLock child_lock{cpu, parts_.pgalloc, to};
    const TableLock parent_lock{cpu, parts_.pgalloc, from};
    const KeyRegister::Guard lazy = parts_.pgalloc.lazy_section(cpu);
    for (VirtAddr at = start; at < end;) {
        const VirtAddr entry = entry_in(from, x86::kPte, at);
        const Pte value = cpu.load_pte(entry);
        std::uint64_t done = 1;
        if (value.present()) done = copy_present(cpu, entry, entry_in(to, x86::kPte, at), (end - at) / kPageBytes, value);
        at = at + done * kPageBytes;
    }
}

// copy_present_ptes(): one page of a small folio, or as many entries as map consecutive pages of a large one with equal bits
// (folio_pte_batch()); then wrprotect_ptes() and set_ptes(), whose loops write, and guard, each entry by itself.
std::uint64_t AddressSpace::copy_present(Cpu& cpu, VirtAddr from, VirtAddr to, std::uint64_t most, Pte first) {
    const Pfn page = first.frame();
    const Pfn head = parts_.folios.head_of(page);
    const Order order = parts_.folios.order_of(page);
    std::uint64_t batch = 1;
    if (order != Order{0U}) {
        most = std::min(most, (head + order.pages() - page).raw());
        while (batch < most &&
               cpu.load_pte(from + batch * 8) == Pte::leaf(page + PageCount{batch}, x86::PageSize::k4, first.flags()))
            ++batch;
    }
    cpu.retire(order == Order{0U} ? Step::copy_pte : Step::copy_pte_large, batch);
    cpu.touch(layout::struct_page(head), Touch::owned);  // folio_ref_add(), folio_try_dup_anon_rmap_ptes()
    parts_.folios.get(head, static_cast<std::uint32_t>(batch));
    const auto leaf = [&](std::uint64_t i) {
        return Pte::leaf(page + PageCount{i}, x86::PageSize::k4, first.without(Pte::kWritable).flags());
    };
    if (first.has(Pte::kWritable))
        for (std::uint64_t i = 0; i < batch; ++i) parts_.pgalloc.set(cpu, from + i * 8, leaf(i));
    for (std::uint64_t i = 0; i < batch; ++i) parts_.pgalloc.set(cpu, to + i * 8, leaf(i));
    return batch;
}

}  // namespace splinter::alloc
