// What one CPU asks others to flush: a small value, never a closure. struct flush_tlb_info of arch/x86/include/asm/tlbflush.h,
// Linux 6.12, and the two functions that kernel ranges use.
#pragma once

#include "alloc/smp/mm_context.h"

namespace splinter::alloc {

struct RemoteWork {
    enum class Kind : std::uint8_t {
        flush_all,    // do_flush_tlb_all()
        flush_range,  // do_kernel_range_flush()
        user_all,     // flush_tlb_func() with end = TLB_FLUSH_ALL
        user_range    // flush_tlb_func() with a range
    };
    Kind kind = Kind::flush_all;
    VirtAddr start{};  // ranges: one INVLPG per stride
    PageCount steps{};
    PageCount stride{1};
    // User ranges only.
    MmContext* mm = nullptr;
    std::uint64_t new_tlb_gen = 0;  // the generation that this flush brings a CPU to
    CpuId initiator{0U};            // flush_tlb_info::initiating_cpu
    enum class Tables : std::uint8_t { kept, freed };
    Tables tables = Tables::kept;  // flush_tlb_info::freed_tables

    // How the CPU that does it has come to know: only interrupts count as such.
    enum class Told : std::uint8_t { by_interrupt, by_sweep };
    Told told = Told::by_interrupt;

    [[nodiscard]] bool for_user() const { return kind == Kind::user_all || kind == Kind::user_range; }
};

}  // namespace splinter::alloc
