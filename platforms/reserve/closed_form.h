// The reserve by arithmetic: kpkeys.md section 7.4 (an inference from v6's rules, checked there by an exhaustive state search). T >=
// K s + r, with s page-table pages per change, r per refill, K changes at once; and a refill must bring more than it takes.
// That is for refills under a mutex. Nothing serialises the flips of `freetype-key`: the K changes that find the pool short and an
// allocation may flip a block each at the same time, so that there it is K s + (K + 1) r [I].
#pragma once

#include <optional>

#include "platforms/reserve/reserve_machine.h"

namespace splinter::platforms {

// Nothing: no reserve is enough.
[[nodiscard]] std::optional<unsigned> closed_form(const ReserveQuestion& question);

}  // namespace splinter::platforms
