// set_memory_ro() and its kin on addresses of the direct map: change_page_attr_set_clr() of arch/x86/mm/pat/set_memory.c, Linux
// 6.1 and 6.12. Each change purges lazily freed vmalloc areas, changes the leaves (direct_map.h), and, if an entry was
// rewritten, flushes the range on all CPUs. A change that found no page-table page keeps what it has done, and everything is
// flushed: Linux does not undo it. DirectMap::change_or_undo() is for who must.
// Leaves out: aliases of the range elsewhere, CLFLUSH of pages whose cache mode changes, memory encryption (a machine without
// it: set_memory_encrypted() and set_memory_decrypted() do nothing).
#pragma once

#include <array>
#include <set>
#include <span>
#include <string_view>

#include "alloc/map/direct_map.h"
#include "alloc/map/vmap_aliases.h"

namespace splinter::alloc {

// One of the functions, as one kernel version has it.
struct SetMemoryFunction {
    // memtype_reserve() before: refused if a page is not write-back. memtype_free() after.
    enum class Memtype : std::uint8_t { kept, reserved, freed };

    std::string_view name;
    std::string_view version;  // of the kernel, as kernel.version; empty: both
    std::array<LeafChange, 2> changes{};
    std::size_t change_count = 1;  // set_memory_wc() makes two, through uncached-minus
    Memtype memtype = Memtype::kept;
};

std::span<const SetMemoryFunction> set_memory_functions();
// nullptr: this kernel has no function of this name.
const SetMemoryFunction* find_set_memory_function(std::string_view name, std::string_view kernel_version);

class SetMemory {
  public:
    enum class Outcome : std::uint8_t { done, no_memory, busy };  // busy: -EBUSY, another cache mode is reserved

    SetMemory(DirectMap& map, TlbFlush& flush, VmapAliases& aliases) : map_{map}, flush_{flush}, aliases_{aliases} {}
    // REQUIRES: interrupts on, no spinlock held.
    [[nodiscard]] Outcome call(Cpu& cpu, const SetMemoryFunction& function, PfnRange range);

  private:
    [[nodiscard]] Outcome change(Cpu& cpu, const LeafChange& change, PfnRange range);
    // reserve_ram_pages_type(): only what is write-back, and all or nothing.
    [[nodiscard]] bool reserve(PfnRange range);
    void release(PfnRange range);

    DirectMap& map_;
    TlbFlush& flush_;
    VmapAliases& aliases_;
    std::set<Pfn> reserved_;  // pages whose memtype is not write-back (flags of struct page)
};

}  // namespace splinter::alloc
