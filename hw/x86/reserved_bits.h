// The reserved bits of a present entry (SDM Vol. 3A 4.5.4, tables 4-14 to 4-20, and the list in 4.7). An entry with P = 0 has
// none. Everything that is not named here is ignored or has a meaning: bits 11:9 and 62:52, G and D in entries that point to
// a table, PAT (bit 12 of a large leaf, bit 7 of a PTE).
#pragma once

#include "hw/x86/paging_state.h"
#include "hw/x86/pte.h"

namespace splinter::x86 {

// Bits between PAT and the address of a 2 MiB (20:13) or 1 GiB leaf (29:13); 0 for other entries.
constexpr std::uint64_t large_page_low_bits(Pte entry, Level level) {
    constexpr std::uint64_t kBelow13 = (std::uint64_t{1} << 13) - 1;
    const bool large_leaf = (level == kPde || level == kPdpte) && entry.has(Pte::kPageSizeBit);
    return large_leaf ? (level.bytes() - 1) & ~kBelow13 : 0;
}

// Those that the registers alone decide.
constexpr std::uint64_t reserved_at_every_level(const PagingState& state) {
    return state.beyond_physical() | (state.nxe ? 0 : Pte::kNoExecute);  // XD without IA32_EFER.NXE
}
// Those that level and entry decide. None without PS.
constexpr std::uint64_t reserved_at(Pte entry, Level level) {
    return large_page_low_bits(entry, level) | (level > kPdpte ? Pte::kPageSizeBit : 0);  // no leaves above 1 GiB
}

// The bits that must be 0 in `entry`, which may itself decide (PS makes a leaf of a PDE or PDPTE). REQUIRES: entry.present().
constexpr std::uint64_t reserved_bits(Pte entry, Level level, const PagingState& state) {
    return reserved_at_every_level(state) | reserved_at(entry, level);
}

// Those that are set; 0: none.
constexpr std::uint64_t reserved_bits_set(Pte entry, Level level, const PagingState& state) {
    return entry.raw() & reserved_bits(entry, level, state);
}

}  // namespace splinter::x86
