// Accesses from user mode that several tests make.
#pragma once

#include "hw/x86/access.h"

namespace splinter::x86 {

inline constexpr Access kUserRead{AccessKind::read, Mode::user};
inline constexpr Access kUserWrite{AccessKind::write, Mode::user};
inline constexpr Access kUserFetch{AccessKind::fetch, Mode::user};

}  // namespace splinter::x86
