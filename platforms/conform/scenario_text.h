// Scenarios in words, for a person who wants to know where the model went wrong.
#pragma once

#include <string>

#include "platforms/conform/scenario_run.h"

namespace splinter::platforms {

// "0xffff8880, PCID 5, no flush"; one line without its end.
[[nodiscard]] std::string step_text(const ScenarioStep& step);
// Initial state, every step up to the failure with what the model answered, expected and got, and the walk of memory as it was.
// REQUIRES: result.failure.
[[nodiscard]] std::string explain_failure(const Scenario& scenario, const ScenarioResult& result,
                                          const hw::MachineParams& machine);

}  // namespace splinter::platforms
