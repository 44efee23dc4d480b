// A parsed trace.csv: the events in order, the gfp table they point into and the texts of markers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "platforms/workload/kernel_trace_event.h"

namespace splinter::platforms {

// Limits of the format, stated in every message about them. Orders and migratetypes: Linux 6.1 and 6.12, mmzone.h.
inline constexpr unsigned kTraceMaxOrder = 10;
inline constexpr unsigned kTraceMaxMigratetype = 5;
inline constexpr std::uint64_t kTraceMaxCpu = 8191;                          // CONFIG_NR_CPUS of Debian is 8192
inline constexpr std::uint64_t kTraceMaxPfn = (std::uint64_t{1} << 40) - 1;  // 52 physical address bits

struct TraceLog {
    std::string path;  // the file really read
    std::vector<TraceEvent> events;
    std::vector<std::string> gfp;                          // flag names joined with |, by TraceEvent::gfp_index()
    std::vector<std::string> texts;                        // by TraceEvent::text_index()
    std::array<std::uint64_t, kTraceEventKinds> counts{};  // lines of each kind
    std::uint64_t first_event_line = 1;                    // events follow each other without gaps

    [[nodiscard]] std::uint64_t count(TraceEventKind kind) const { return counts[static_cast<std::size_t>(kind)]; }
    // "path:line" of an event, for messages.
    [[nodiscard]] std::string place(std::size_t event) const { return path + ":" + std::to_string(first_event_line + event); }
};

// path names the text in messages. UserError at "path:line:column" for anything that is not as the format says, also for a
// trace with other numbers of lines than its first line announces.
[[nodiscard]] TraceLog parse_trace(const std::string& text, const std::string& path);

}  // namespace splinter::platforms
