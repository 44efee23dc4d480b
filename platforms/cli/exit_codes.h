// From exceptions to exit codes and one line of text, the same for the program and for the children of a sweep.
#pragma once

#include <string>

namespace splinter::platforms {

inline constexpr int kExitOk = 0;
inline constexpr int kExitDisagreement = 1;
inline constexpr int kExitUserError = 2;
inline constexpr int kExitFinding = 3;
inline constexpr int kExitBug = 70;  // sysexits.h: EX_SOFTWARE

struct Failure {
    int exit_code;
    std::string text;
};

// To be called in a catch block only. The text of a UserError is one line whatever bytes a file put into it.
Failure describe_current_exception();

}  // namespace splinter::platforms
