// A page walk for a person: level by level each entry, its bits by name, every check with its SDM section and whether it
// passed, and what the access ends with. Runs the same x86::Walk and check functions as the timed MMU does.
#pragma once

#include <optional>
#include <string>

#include "platforms/conform/access_case.h"
#include "platforms/conform/word_map.h"

namespace splinter::platforms {

// What one level of a walk costs.
struct WalkCost {
    Cycles step;  // hw.mmu.walk_step
    Cycles read;  // hw.mem.page_table_read
};

// Lines that end with a newline. Without a cost no cycles are printed.
[[nodiscard]] std::string explain_access(const AccessCase& question, const std::vector<Word>& words,
                                         const std::optional<WalkCost>& cost);

}  // namespace splinter::platforms
