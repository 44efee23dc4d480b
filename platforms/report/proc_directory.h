// The files of /proc that a result holds, as files.
#pragma once

#include <string>

#include "platforms/run/run_result.h"

namespace splinter::platforms {

// Creates `directory` and checks that files can be written there; UserError: it exists and is no directory, no permission.
void prepare_proc_directory(const std::string& directory);

// directory/buddyinfo, ...; of a result of several workloads directory/WORKLOAD/buddyinfo, .... Each file is whole or absent.
void write_proc_directory(const std::string& directory, const RunResult& result);

}  // namespace splinter::platforms
