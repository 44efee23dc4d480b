// Page-table pages that the kernel takes for mappings, and the writes of their entries: pte_alloc_one(), pmd_alloc_one(),
// pud_alloc_one(), pgd_alloc() and set_pte(), set_pmd(), set_pud(), set_pgd() of arch/x86, Linux 6.12, with the guards of
// kpkeys_hardened_pgtables (v5 patch 15): each of these writers opens the key register for itself, and so does the clearing of
// a new table. Whether the register is written then is the KeyRegister's business.
// Leaves out: the accounting to a memory cgroup, the two-page PGDs of page-table isolation.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "alloc/counters.h"
#include "alloc/layout.h"
#include "alloc/map/boot_tables.h"
#include "alloc/map/key_register.h"
#include "alloc/map/page_table_pages.h"

namespace splinter::alloc {

inline constexpr std::uint64_t kTableBytes = x86::kPde.bytes();  // that a table of PTEs maps

// Address of the entry that translates `va` in a table of this level.
constexpr VirtAddr entry_in(Pfn table, x86::Level level, VirtAddr va) {
    return layout::direct_map(base_of(table) + level.index(va) * 8);
}

// _PAGE_PROTNONE: marks a leaf of PROT_NONE, which is not present, from nothing.
inline constexpr std::uint64_t kProtNone = x86::Pte::kGlobal;
inline constexpr Order kHugeOrder{9U};  // HPAGE_PMD_ORDER
// pte_present() as the kernel means it.
constexpr bool is_mapped(x86::Pte leaf) { return leaf.present() || leaf.has(kProtNone); }

class PgAlloc {
  public:
    // `kernel_half`: the root's entries that all address spaces share; boot has filled all that will ever be needed.
    PgAlloc(PageTablePages& pages, KeyRegister& keys, const KernelHalf& kernel_half, std::size_t cpus)
        : pages_{pages}, keys_{keys}, kernel_half_{kernel_half}, counters_(cpus) {}
    PgAlloc(const PgAlloc&) = delete;
    PgAlloc& operator=(const PgAlloc&) = delete;

    // A cleared table that nothing points to yet, or nothing if memory is short. REQUIRES: no spinlock held.
    [[nodiscard]] std::optional<Pfn> new_table(Cpu& cpu);
    // A root with the kernel's half in it.
    [[nodiscard]] std::optional<Pfn> new_pgd(Cpu& cpu);
    // REQUIRES: nothing points to it, and no CPU caches an entry that did.
    void free_table(Cpu& cpu, Pfn table);

    // One entry of any level.
    void set(Cpu& cpu, VirtAddr entry, x86::Pte value) {
        const KeyRegister::Guard writable = keys_.writable(cpu);
        cpu.store_pte(entry, value);
    }
    [[nodiscard]] KeyRegister::Guard lazy_section(Cpu& cpu) { return keys_.lazy_section(cpu); }
    [[nodiscard]] KeyRegister::Guard table_lock_section(Cpu& cpu) { return keys_.table_lock_section(cpu); }
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }

  private:
    [[nodiscard]] std::optional<Pfn> take(Cpu& cpu);
    void fill(Cpu& cpu, Pfn table, const KernelHalf& entries);

    PageTablePages& pages_;
    KeyRegister& keys_;
    KernelHalf kernel_half_;
    std::vector<KernelCounters> counters_;  // by CPU
};

// spin_lock() of a page-table lock and its section of the key register: pte_offset_map_lock() to pte_unmap_unlock(), pmd_lock()
// to its unlock. Tables have a lock each (USE_SPLIT_PTE_PTLOCKS, USE_SPLIT_PMD_PTLOCKS).
class TableLock {
  public:
    TableLock(Cpu& cpu, PgAlloc& pgalloc, Pfn table)
        : lock_{cpu, LockId{static_cast<std::uint32_t>(kFirstTableLock.raw() + table.raw())}},
          section_{pgalloc.table_lock_section(cpu)} {}

  private:
    LockGuard lock_;
    KeyRegister::Guard section_;
};

}  // namespace splinter::alloc
