// Prints a state and its outcome as the vector line of the format in tests/oracle/README.md, without its last two fields: which
// CPU this is, and what is known to be wrong with it, is added by run_qemu.sh.
#pragma once

#include "tests/oracle/guest/state.h"

namespace oracle_guest {

struct StateId {
    uint64_t seed;
    Machine machine;
    unsigned serial;
};

void report(const StateId& id, const State& state, const Outcome& outcome);

}  // namespace oracle_guest
