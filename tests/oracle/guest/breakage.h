// What makes the states of some categories differ from a plain walk.
#pragma once

#include "tests/oracle/guest/rng.h"
#include "tests/oracle/guest/state.h"

namespace oracle_guest {

// A descriptor read, which is a supervisor access at CPL 0 and 3 (SDM Vol. 3A 4.6.1).
void make_implicit(Rng& rng, const Machine& machine, State& state);
// One or two reserved bits, some of them behind an entry that is not present.
void break_reserved_bits(Rng& rng, const Machine& machine, State& state);
// P = 0 at one level; in half of the cases every other bit is garbage too.
void break_present(Rng& rng, const Machine& machine, State& state);
// An address whose upper bits are not copies of the highest translated one.
void break_canonical(Rng& rng, const Machine& machine, State& state);

}  // namespace oracle_guest
