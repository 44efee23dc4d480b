#include "platforms/cli/exit_codes.h"

#include <exception>

#include "hw/base/check.h"
#include "hw/base/user_error.h"
#include "platforms/run/child_process.h"

namespace splinter::platforms {

namespace {

// An error may quote what it found in a binary file: no control character may reach the terminal or break the line.
std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = c == '\n' || c == '\t' ? ' ' : '?';
    return text;
}

}  // namespace

Failure describe_current_exception() {
    try {
        throw;
    } catch (const UserError& error) {
        return {kExitUserError, one_line(error.what())};
    } catch (const SimulatedFinding& finding) {
        return {kExitFinding, finding.what()};
    } catch (const ChildKilled& killed) {
        return {kExitBug, killed.what()};
    } catch (const std::exception& bug) {
        return {kExitBug, std::string{"bug in splinter: "} + bug.what()};
    } catch (...) {
        return {kExitBug, "bug in splinter: an exception of unknown type"};
    }
}

}  // namespace splinter::platforms
