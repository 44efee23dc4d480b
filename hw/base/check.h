// The one macro: a check for bugs of ours, on in release builds too. The user's mistakes are UserError, simulated failures
// are return values.
#pragma once

#include <stdexcept>
#include <string>

namespace splinter {

// A broken invariant of splinter itself. main() prints it and exits 70.
class InternalError : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

[[noreturn]] inline void fail_check(const char* file, int line, const char* condition, const std::string& message) {
    throw InternalError(std::string{file} + ":" + std::to_string(line) + ": check failed: " + condition +
                        (message.empty() ? "" : ": " + message));
}

}  // namespace splinter

#define SPLINTER_CHECK(condition, message)                                                 \
    do {                                                                                   \
        if (!(condition)) ::splinter::fail_check(__FILE__, __LINE__, #condition, message); \
    } while (false)
