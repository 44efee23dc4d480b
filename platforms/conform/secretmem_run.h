// Recorded counts of memfd_secret (secretmem.csv): N pages faulted, touched again, unmapped, freed. The table has no page frame
// numbers, so that which leaves its pages lay in is input: pages are chosen such that the recorded splits happen. All else is
// predicted: secretmem_fault() takes each page out of the direct map and flushes it, secretmem_free_folio() puts it back.
#pragma once

#include <string>
#include <string_view>

#include "hw/machine_params.h"
#include "platforms/conform/conform_report.h"

namespace splinter::platforms {

// All rows into the report. Throws UserError with file:line:column.
void run_secretmem(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report);

}  // namespace splinter::platforms
