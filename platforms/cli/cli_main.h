// The command line: chooses the command, and is the only place that turns errors into messages and exit codes.
#pragma once

namespace splinter::platforms {

// 0 ok, 1 disagreement, 2 the user's mistake, 3 a finding in the simulated system, 70 a bug of ours. Throws nothing.
int cli_main(int argc, const char* const* argv);

}  // namespace splinter::platforms
