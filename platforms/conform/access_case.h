// One access in one machine state: what `splinter walk` explains and a recorded vector asks.
#pragma once

#include <vector>

#include "hw/x86/access.h"
#include "hw/x86/paging_state.h"

namespace splinter::platforms {

struct AccessCase {
    x86::RawRegisters registers;
    PhysAddr cr3;
    VirtAddr va;
    x86::Access access;

    [[nodiscard]] x86::PagingState state() const { return x86::PagingState::from_registers(registers); }
    // SDM Vol. 3A 4.5.2, tables 4-12 and 4-13: bits M-1:12 of CR3.
    [[nodiscard]] Pfn root() const {
        return Pfn{(cr3.raw() & x86::Pte::kAddressMask & ~state().beyond_physical()) >> kPageShift};
    }
};

}  // namespace splinter::platforms
