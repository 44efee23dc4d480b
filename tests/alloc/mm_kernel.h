// A kernel's memory management with page tables that have a key, on one GuardedCpu.
#pragma once

#include "alloc/mm/mm.h"
#include "tests/alloc/guarded_cpu.h"
#include "tests/alloc/test_kernel.h"

namespace splinter::alloc {

inline constexpr VirtAddr kUserStart{0x0000700000000000U};  // a whole GiB

struct MmKernel {
    explicit MmKernel(KeyScope scope = KeyScope::entry, std::uint64_t managed_bytes = 3 * kGiB)
        : memory{managed_bytes},
          pages{memory.frames(), zones(memory), 1, pcp_limits({}), memory.data()},
          calls{1, memory.data()},
          mechanism{calls},
          flush{mechanism, calls.local(), PageCount{KernelParams{}.flush_ceiling}},
          user_flush{mechanism, calls.local(), PageCount{KernelParams{}.flush_ceiling}, UserFlushOrder::concurrent},
          tables{pages},
          keys{KeyRegister::Tables::have_a_key, scope, 1},
          mm{pages, tables, keys, flush, user_flush, memory.root(), memory.kernel_half(), 1},
          cpu{memory, kPkrsDefault} {}

    static std::vector<Zone> zones(TestMemory& memory) {
        std::vector<Zone> zones;
        zones.push_back(free_zone(zone_layout(memory.managed()), memory.frames()));
        return zones;
    }
    [[nodiscard]] std::uint64_t key_writes() { return keys.counters(CpuId{0U}).pkrs_writes; }
    [[nodiscard]] std::uint64_t tables_in_use() {
        const KernelCounters& counters = mm.pgalloc().counters(CpuId{0U});
        return counters.pgtables_allocated - counters.pgtables_freed;
    }
    [[nodiscard]] PageCount free_pages() { return pages.free_pages(pages.zones().front()); }

    TestMemory memory;
    PageAllocator pages;
    CallFunction calls;
    IpiMechanism mechanism;
    TlbFlush flush;
    UserFlush user_flush;
    FailingPageTablePages tables;
    KeyRegister keys;
    Mm mm;
    GuardedCpu cpu;
};

}  // namespace splinter::alloc
