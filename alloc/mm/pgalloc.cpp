#include "alloc/mm/pgalloc.h"

namespace splinter::alloc {

std::optional<Pfn> PgAlloc::take(Cpu& cpu) {
    const Account account{cpu, kPgAlloc};
    const Cycles begin = cpu.now();
    const auto table = pages_.allocate(cpu, TableUse::ordinary);
    KernelCounters& mine = counters(cpu.id());
    mine.pgtable_alloc_cycles += (cpu.now() - begin).raw();
    if (table) ++mine.pgtables_allocated;
    return table;
}

// Through the direct map, as __GFP_ZERO does; with a key, at the level that may write page tables.
void PgAlloc::fill(Cpu& cpu, Pfn table, const KernelHalf& entries) {
    const KeyRegister::Guard writable = keys_.writable(cpu);
    cpu.retire(Step::clear_page);
    cpu.fill_table(layout::direct_map(table), entries);
    ++counters(cpu.id()).pages_zeroed;
}

std::optional<Pfn> PgAlloc::new_table(Cpu& cpu) {
    const auto table = take(cpu);
    if (!table) return std::nullopt;
    fill(cpu, *table, KernelHalf{});
    cpu.retire(Step::table_setup);
    return table;
}

std::optional<Pfn> PgAlloc::new_pgd(Cpu& cpu) {
    const auto table = take(cpu);
    if (!table) return std::nullopt;
    fill(cpu, *table, KernelHalf{});
    const KeyRegister::Guard writable = keys_.writable(cpu);  // pgd_ctor(): clone_pgd_range()
    cpu.retire(Step::pgd_setup);
    cpu.fill_table(layout::direct_map(*table), kernel_half_);
    return table;
}

void PgAlloc::free_table(Cpu& cpu, Pfn table) {
    const Account account{cpu, kPgAlloc};
    cpu.retire(Step::table_free);
    const Cycles begin = cpu.now();
    pages_.release(cpu, table);
    KernelCounters& mine = counters(cpu.id());
    mine.pgtable_free_cycles += (cpu.now() - begin).raw();
    ++mine.pgtables_freed;
}

}  // namespace splinter::alloc
