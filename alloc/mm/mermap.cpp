#include "alloc/mm/mermap.h"

#include <algorithm>

#include "hw/base/check.h"

namespace splinter::alloc {

using x86::Pte;

namespace {

// set_unmapped_pte(): not present and not none either, so that apply_to_existing_page_range() does not skip it.
constexpr Pte kUnmapped = kUnmappedMermapPte;
// PAGE_KERNEL_NOGLOBAL
constexpr std::uint64_t kLeaf = kKernelLeaf & ~Pte::kGlobal;

}  // namespace

void Mermap::set(Cpu& cpu, const PerCpu& mine, VirtAddr va, Pte value) {
    const KeyRegister::Guard writable = keys_.writable(cpu);
    cpu.store_pte(entry_in(mine.table, x86::kPte, va), value);
}

// mermap_alloc(), first half.
bool Mermap::make_room(Cpu& cpu, PerCpu& mine, PageCount pages, PageCount limit) {
    if (mine.next + pages <= limit) return true;
    PageCount from{0};
    for (const Slot& slot : mine.slots)
        if (slot.in_use) from = std::max(from, slot.end);
    if (from + pages > limit) return false;
    const Account account{cpu, kLocalFlush};
    cpu.invalidate(x86::Invalidation::all());  // __flush_tlb_all(), local
    ++mine.counters.nr_tlb_local_flush_all;
    ++mine.counters.mermap_flushes;
    mine.next = from;
    return true;
}

std::optional<Mermap::Mapping> Mermap::map(Cpu& cpu, PfnRange range, PageCount limit) {
    PerCpu& mine = cpus_[cpu.id().index()];
    if (!make_room(cpu, mine, range.count, limit)) return std::nullopt;
    const auto slot = std::ranges::find(mine.slots, false, &Slot::in_use);
    if (slot == mine.slots.end()) return std::nullopt;
    const Mapping mapping{region(cpu.id()) + mine.next.raw() * kPageBytes, range.count,
                          static_cast<std::size_t>(slot - mine.slots.begin())};
    mine.next += range.count;
    *slot = {mine.next, true};
    cpu.retire(Step::local_map, range.count.raw());
    for (std::uint64_t i = 0; i < range.count.raw(); ++i)
        set(cpu, mine, mapping.start + i * kPageBytes, Pte::leaf(range.first + PageCount{i}, x86::PageSize::k4, kLeaf));
    return mapping;
}

Mermap::Mapping Mermap::get_reserved(Cpu& cpu, Pfn page) {
    const auto mapping = map(cpu, {page, PageCount{1}}, kRegion);
    SPLINTER_CHECK(mapping.has_value(), "the reserve of a CPU's temporary mappings is free");
    ++counters(cpu.id()).mermap_reserve_uses;
    return *mapping;
}

void Mermap::put(Cpu& cpu, const Mapping& mapping) {
    PerCpu& mine = cpus_[cpu.id().index()];
    SPLINTER_CHECK(mine.slots[mapping.slot].in_use, "a temporary mapping is given back once");
    for (std::uint64_t i = 0; i < mapping.pages.raw(); ++i) set(cpu, mine, mapping.start + i * kPageBytes, kUnmapped);
    mine.slots[mapping.slot].in_use = false;
}

void Mermap::clear_mapped_at(Cpu& cpu, const Mapping& mapping) {
    for (std::uint64_t i = 0; i < mapping.pages.raw(); ++i) {
        cpu.touch(mapping.start + i * kPageBytes, Touch::remapped);
        cpu.retire(Step::clear_page);
    }
}

void Mermap::clear(Cpu& cpu, KernelCounters& counters, PfnRange range) {
    const Account account{cpu, kZero};
    counters.pages_zeroed += range.count.raw();
    if (const auto mapping = get(cpu, range)) {
        clear_mapped_at(cpu, *mapping);
        put(cpu, *mapping);
        return;
    }
    for (Pfn page = range.first; page < range.end(); page += PageCount{1}) {
        const Mapping mapping = get_reserved(cpu, page);
        clear_mapped_at(cpu, mapping);
        put(cpu, mapping);
    }
}

}  // namespace splinter::alloc
