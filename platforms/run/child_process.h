// Runs a function in a forked child and brings its text, or its exception, back. SystemC has process-wide state, so that each
// simulation gets a process of its own; the parent must have elaborated nothing.
#pragma once

#include <functional>
#include <string>

namespace splinter::platforms {

// The text that `work` returns. Rethrows UserError, SimulatedFinding and InternalError by their kinds and texts; a child that
// dies otherwise is an InternalError that names the signal.
std::string run_in_child(const std::function<std::string()>& work);

}  // namespace splinter::platforms
