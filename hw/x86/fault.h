// A page fault as the processor reports it (SDM Vol. 3A 4.7, "Page-Fault Exceptions", and 6.15, interrupt 14).
#pragma once

#include "hw/x86/access.h"

namespace splinter::x86 {

struct PageFault {
    static constexpr std::uint32_t kPresentBit = 1U << 0;
    static constexpr std::uint32_t kWriteBit = 1U << 1;
    static constexpr std::uint32_t kUserBit = 1U << 2;
    static constexpr std::uint32_t kReservedBit = 1U << 3;
    static constexpr std::uint32_t kFetchBit = 1U << 4;
    static constexpr std::uint32_t kKeyBit = 1U << 5;

    VirtAddr address;  // CR2
    std::uint32_t error_code = 0;
    friend constexpr bool operator==(const PageFault&, const PageFault&) = default;
};

// The bits of the error code that follow from the access alone, whatever went wrong (SDM 4.7): W/R; U/S, which is 0 for an
// implicit access at CPL 3 too; I/D, which is reported only if fetches have rights of their own: EFER.NXE or CR4.SMEP.
constexpr std::uint32_t access_bits(Access access, const PagingState& state) {
    const bool tells_fetches = state.nxe || state.smep;
    return (access.kind == AccessKind::write ? PageFault::kWriteBit : 0) |
           (access.mode == Mode::user ? PageFault::kUserBit : 0) |
           (access.kind == AccessKind::fetch && tells_fetches ? PageFault::kFetchBit : 0);
}

}  // namespace splinter::x86
