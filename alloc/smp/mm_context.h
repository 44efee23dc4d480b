// What the TLB code knows of an address space: mm_context_t (ctx_id, tlb_gen), mm_cpumask() and the root, Linux 6.12. The
// values are host state; the lines in which Linux keeps them stand in simulated memory, and whoever reads or writes them
// touches those.
#pragma once

#include "alloc/cpu.h"
#include "alloc/layout.h"

namespace splinter::alloc {

// Who may run on an address space. `one_cpu`: its threads never leave one CPU, so that its lines are that CPU's alone and take
// no ordering point.
enum class MmUse : std::uint8_t { one_cpu, any_cpu };

struct MmContext {
    layout::MmSlot slot;  // where its lines stand
    Pfn pgd;
    std::uint64_t ctx_id = 0;  // never used again, unlike the slot
    MmUse use = MmUse::one_cpu;
    std::uint64_t tlb_gen = 0;      // how many flushes it has asked for
    std::uint16_t global_asid = 0;  // the same on all CPUs, kept up to date by broadcast; 0: none (mechanism `invlpgb`)
    bool in_transition = false;     // to it: some CPUs may still run under an ASID of their own
    CpuMask cpus;                   // mm_cpumask(): CPUs that may have its translations and must hear of flushes

    [[nodiscard]] Touch touch() const { return use == MmUse::any_cpu ? Touch::contended : Touch::owned; }
};

}  // namespace splinter::alloc
