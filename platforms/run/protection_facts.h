// What a run says in words of how well its protected pages were protected: by the mechanism's nature, and as it was found.
#pragma once

#include <string>

#include "platforms/run/run_result.h"
#include "platforms/run/session.h"

namespace splinter::platforms {

// "not protected", "protected", or that flushes are late.
[[nodiscard]] std::string protection(const RunConfig& config, bool is_protected);
// Whether what TLBs hold after the flush's return can be used: not if their CPUs drop it first, as they do with what page-table
// isolation leaves under other PCIDs, nor, as far as the model can tell, what is gone within one lookahead.
[[nodiscard]] bool shows_after_flush(const RunConfig& config);
// Findings about old translations, into result.facts: those that could be used when the flush that a CPU made for them had
// returned, and those that INVLPG left under other PCIDs; and what the mechanism leaves open.
void add_protection_facts(const RunConfig& config, Session& session, WorkloadResult& result);

}  // namespace splinter::platforms
