// Recorded counts of user shootdowns (shoot.csv): each row is an operation, repeated on so many pages of a process with so many
// helper threads in one state; the columns are counts per repetition. Rows of one run, ceiling, number and state of helpers
// come from one process and are run in their order on one machine, because what one leaves is there for the next (a sleeping
// CPU that has heard of freed page tables is out of the process's mask).
//
// Input: kernel, CPUs, ceiling, operation, pages, helpers and their state, repetitions. Compared, each a cell: within 0.5 per
// repetition or 10 %; one cell in a hundred may miss, and each is listed. Interrupts of the recorded kernel are at least the
// model's. `fork` runs, for what it leaves behind, and is not compared: its noise is larger than its count.
#pragma once

#include <string>
#include <string_view>

#include "hw/machine_params.h"
#include "platforms/conform/conform_report.h"

namespace splinter::platforms {

// All rows into the report. Throws UserError with file:line:column.
void run_shoot(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report);

}  // namespace splinter::platforms
