// Labels of the cycle ledger that several workloads use.
#pragma once

#include "hw/base/ledger.h"

namespace splinter::platforms {

inline constexpr Label kThink{"think"};  // what the workload's program does between two operations

}  // namespace splinter::platforms
