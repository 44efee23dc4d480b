// Runs one state on the CPU and observes the outcome.
#pragma once

#include "tests/oracle/guest/state.h"

namespace oracle_guest {

// The CPU's caches hold nothing of an earlier state when the access is made. Afterwards the state's words are zero again, so
// that memory holds no other page-table words than those of the state that runs.
Outcome execute(const State& state);

}  // namespace oracle_guest
