// Runs a function in a forked child and brings its text, or its exception, back. SystemC has process-wide state, so that each
// simulation gets a process of its own; the parent must have elaborated nothing.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace splinter::platforms {

// Somebody else has ended the child.
class ChildKilled : public std::runtime_error {
  public:
    ChildKilled()
        : std::runtime_error{"the simulation was killed (SIGKILL): by somebody, or by the kernel when memory ran out"} {}
};

// The text that `work` returns. Rethrows UserError, SimulatedFinding and InternalError by their kinds and texts; a child that
// dies of SIGKILL is ChildKilled, of another signal an InternalError that names it.
std::string run_in_child(const std::function<std::string()>& work);

}  // namespace splinter::platforms
