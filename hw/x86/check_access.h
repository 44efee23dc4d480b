// May this access use this translation? (SDM Vol. 3A 4.6.1 "Determination of Access Rights", 4.6.2 "Protection Keys".)
// Pure: the same function serves the timed MMU, `splinter walk` and the tests.
// Leaves out: shadow stacks (CR4.CET). What the manual leaves open is decided in hw/README.md.
#pragma once

#include <optional>

#include "hw/x86/access.h"
#include "hw/x86/fault.h"

namespace splinter::x86 {

// The rule that forbids an access.
enum class Denial : std::uint8_t {
    supervisor_page,  // 4.6.1: user access to a supervisor-mode address
    read_only,        // 4.6.1: R/W = 0; for supervisor writes under CR0.WP only
    no_execute,       // 4.6.1: fetch with XD = 1
    smep,             // 4.6.1: supervisor fetch from a user-mode address under CR4.SMEP
    smap,             // 4.6.1: supervisor data access to a user-mode address under CR4.SMAP, without RFLAGS.AC or implicit
    key_access,       // 4.6.2: AD of the key
    key_write         // 4.6.2: WD of the key; for supervisor writes under CR0.WP only
};

// The page fault that the access takes, or nothing.
[[nodiscard]] std::optional<PageFault> check_access(VirtAddr va, Access access, const Rights& rights, const PagingState& state);

// Its two halves, for reports: 4.6.1 without keys, and 4.6.2. Both may deny; the error code tells of both.
[[nodiscard]] std::optional<Denial> denied_by_rights(Access access, const Rights& rights, const PagingState& state);
[[nodiscard]] std::optional<Denial> denied_by_key(Access access, const Rights& rights, const PagingState& state);

}  // namespace splinter::x86
