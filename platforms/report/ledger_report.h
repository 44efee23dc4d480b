// Where the cycles of a run went: the largest accounts of the cycle ledger, initiators and victims apart.
#pragma once

#include <string>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Per workload and side the eight largest accounts in percent of the side's cycles, the rest summed.
std::string ledger_report(const RunResult& result);

}  // namespace splinter::platforms
