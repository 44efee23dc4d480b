// Where the workload `trace` gets its operations and its first state: a recorded directory (kernel_trace.h), or a user's text
// (user_trace.h) on the free blocks of buddyinfo and pagetypeinfo, or on an empty machine.
#pragma once

#include "platforms/config/run_config.h"
#include "platforms/workload/proc_start.h"
#include "platforms/workload/user_trace_script.h"

namespace splinter::platforms {

// What there is to say about a user's trace besides its operations.
struct UserTraceFacts {
    UserTrace trace;
    std::uint64_t unknown_frees = 0;
    std::uint64_t unknown_pages = 0;
    std::uint64_t missing_frees = 0;
    std::vector<std::string> notes;  // about the state that the replay starts from
};

struct TraceSource {
    KernelSnapshot before;  // if starts_empty: no more than the number of CPUs
    bool starts_empty = false;
    std::optional<KernelSnapshot> after;
    TraceScript script;
    std::uint64_t events = 0;            // lines
    std::optional<UserTraceFacts> user;  // of a user's trace
};

// By workload.trace.directory or .file. Throws UserError: missing, truncated, garbled, contradictory.
[[nodiscard]] TraceSource load_trace_source(const RunConfig& config);

}  // namespace splinter::platforms
