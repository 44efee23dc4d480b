// May this access use this translation? (SDM Vol. 3A 4.6.1 "Determination of Access Rights", 4.6.2 "Protection Keys".)
// Pure: the same function serves the timed MMU, `splinter walk` and the tests.
// Leaves out: shadow stacks (CR4.CET), implicit supervisor accesses as a kind of their own.
#pragma once

#include <optional>

#include "hw/x86/access.h"
#include "hw/x86/fault.h"

namespace splinter::x86 {

// The page fault that the access takes, or nothing.
[[nodiscard]] std::optional<PageFault> check_access(VirtAddr va, Access access, const Rights& rights, const PagingMode& mode);

}  // namespace splinter::x86
