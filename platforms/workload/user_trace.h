// A trace of kmem events as users record it: the text of /sys/kernel/tracing/trace, `perf script` or `trace-cmd report`. How to
// record one: README.md of this folder. The fields are those of include/trace/events/kmem.h, Linux 6.1 and 6.12.
#pragma once

#include <array>
#include <map>

#include "platforms/workload/kernel_trace_log.h"

namespace splinter::platforms {

enum class UserTraceFormat : std::uint8_t { ftrace, perf_script, trace_cmd };
[[nodiscard]] std::string_view name_of(UserTraceFormat format);

// The events that are read; others are counted by name.
inline constexpr std::array<std::string_view, 6> kUserTraceEvents{"mm_page_alloc",        "mm_page_free",
                                                                  "mm_page_free_batched", "mm_page_alloc_zone_locked",
                                                                  "mm_page_pcpu_drain",   "mm_page_alloc_extfrag"};

// A higher one is taken for a damaged line: a machine of so many cores would be simulated for it.
inline constexpr std::uint64_t kUserTraceMaxCpu = 1023;

struct UserTrace {
    std::string path;  // the file really read
    UserTraceFormat format{};
    TraceLog log;                                  // A, F, L, D and X events; place() is not for these
    std::vector<std::uint64_t> lines;              // of each event of the log, for messages
    std::uint64_t cpus = 0;                        // the highest that an event has, plus one
    std::uint64_t busy_cpus = 0;                   // those that have an event
    std::map<std::string, std::uint64_t> events;   // by name, all of kUserTraceEvents
    std::map<std::string, std::uint64_t> skipped;  // events that are not read, by name
    std::map<std::string, std::uint64_t> unknown_gfp;
    std::uint64_t lost_events = 0;          // as the tracer says
    std::uint64_t lost_without_number = 0;  // places where it only says that some were lost
    std::uint64_t failed_allocations = 0;   // that the recorded kernel could not serve
};

// Reads path, or its .xz, plain or compressed, and checks each line. UserError at path:line:column.
[[nodiscard]] UserTrace load_user_trace(const std::string& path);

// path names the text in messages.
[[nodiscard]] UserTrace parse_user_trace(const std::string& text, const std::string& path);

}  // namespace splinter::platforms
