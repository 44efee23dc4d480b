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

// Bits 56:0, the most that any paging mode translates: what TLBs keep of an address, so that it fits into a tag. The upper bits
// of a canonical address repeat bit 56, with 4-level paging too.
inline constexpr unsigned kMaxLinearBits = 57;
constexpr std::uint64_t linear_bits_of(VirtAddr va) { return va.raw() & ((std::uint64_t{1} << kMaxLinearBits) - 1); }
// The canonical address with these bits 56:0.
constexpr VirtAddr canonical_from(std::uint64_t linear_bits) {
    const std::uint64_t upper = ~((std::uint64_t{1} << kMaxLinearBits) - 1);
    return VirtAddr{(linear_bits >> (kMaxLinearBits - 1) & 1) != 0 ? linear_bits | upper : linear_bits};
}

}  // namespace splinter::x86
