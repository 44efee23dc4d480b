// The cycle ledger as folded stacks, the input of flamegraph.pl and speedscope: one account a line, its frames separated by
// semicolons, a space, its cycles.
#pragma once

#include <string>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Roots: "initiators" (cores that allocate) and "victims" (the others); under them, where the result has several workloads, the
// workload. The sum of all lines is the ledger's total. Accounts without cycles have no line.
std::string folded_stacks(const RunResult& result);

}  // namespace splinter::platforms
