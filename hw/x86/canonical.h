// Is a linear address canonical: are its upper bits copies of the highest bit that is translated? (SDM Vol. 1 3.3.7.1.) An
// access to one that is not causes #GP before any paging (SDM Vol. 3A 4.5).
// Leaves out: #SS in place of #GP for stack references, linear-address masking (LAM).
#pragma once

#include "hw/x86/paging_state.h"

namespace splinter::x86 {

constexpr bool is_canonical(VirtAddr va, const PagingState& state) {
    const unsigned unused = 64 - state.linear_bits();
    return static_cast<std::int64_t>(va.raw() << unused) >> unused == static_cast<std::int64_t>(va.raw());
}

}  // namespace splinter::x86
