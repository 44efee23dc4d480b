// The leaves of a direct map, as boot makes them or as a running kernel's were recorded.
#pragma once

#include "hw/x86/pte.h"

namespace splinter::alloc {

// Leaves of one size and with the same flags, one behind the other.
struct DirectMapRun {
    PfnRange frames;
    x86::PageSize leaf = x86::PageSize::k4;
    std::uint64_t flags = 0;  // of the entries, without PS; A and D are of no account
    friend constexpr bool operator==(const DirectMapRun&, const DirectMapRun&) = default;
};

}  // namespace splinter::alloc
