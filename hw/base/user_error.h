// The user's mistake: one line that names the place, what was found and what is allowed. main() prints it and exits 2.
#pragma once

#include <stdexcept>
#include <string>

namespace splinter {

class UserError : public std::runtime_error {
  public:
    // origin: "file:line:column", "file", "--set key" or "command line"; hint may be empty ("did you mean ...").
    UserError(const std::string& origin, const std::string& message, const std::string& hint = "")
        : std::runtime_error(origin + ": " + message + (hint.empty() ? "" : "; " + hint)) {}
    // A whole line that another process has composed.
    explicit UserError(const std::string& line) : std::runtime_error(line) {}
};

// A failure of the simulated system that ends the run (deadlock, kernel oops). main() prints it and exits 3.
class SimulatedFinding : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace splinter
