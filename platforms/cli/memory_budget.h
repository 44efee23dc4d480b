// How much memory points may take.
#pragma once

#include <cstdint>

#include <sys/types.h>

namespace splinter::platforms {

// Nine tenths of what the host can give without swapping (MemAvailable), or of what is left in the control group if that is
// less. The largest number if the system tells nothing.
[[nodiscard]] std::uint64_t default_memory_budget();

// What a process and its descendants have resident, without pages of files. Pages that they share since a fork count once for
// each: too much rather than too little. 0 if it has ended.
[[nodiscard]] std::uint64_t resident_bytes(pid_t pid);

}  // namespace splinter::platforms
