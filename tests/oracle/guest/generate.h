// Random states. Most walks reach a leaf; permissions, keys and control registers are weighted so that both outcomes are
// common. Left out because it is disputed what the manual asks for (tests/oracle/README.md): D1, an implicit supervisor access
// from CPL 0 with SMAP and AC set; D2, a user access to a supervisor page whose key PKRS denies.
#pragma once

#include "tests/oracle/guest/rng.h"
#include "tests/oracle/guest/state.h"

namespace oracle_guest {

State generate(Rng& rng, const Machine& machine);

}  // namespace oracle_guest
