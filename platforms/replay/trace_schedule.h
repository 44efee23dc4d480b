// A recorded trace as the steps that an allocator with per-CPU lists took: what it was asked, when it did it, and which lines
// tell what became of it.
//
// A line stands where its tracepoint is, and that is not always where the lists change: mm_page_free comes before the block is
// put on its list (for a batch of folios, before the first of them is), mm_page_alloc after the list was refilled. On one CPU
// this makes no difference; between CPUs the order of refills and drains is that of their L and D lines. So a step stands at
// its first L or D line; without any, where its own line is.
#pragma once

#include <vector>

#include "platforms/workload/kernel_trace.h"

namespace splinter::platforms {

struct TraceStep {
    enum class Kind : std::uint8_t {
        allocate,          // an A line
        allocate_reserve,  // an A line served from the HIGHATOMIC lists
        bulk,              // an R line
        free_series,       // F and P lines of one CPU, without anything in between that looks at its lists
        free_directly      // an F line that goes to the buddy
    };
    Kind kind{};
    CpuId cpu;
    std::vector<std::size_t> events;  // lines that ask, in order
    std::vector<std::size_t> takes;   // L and X lines that answer
    std::vector<std::size_t> drains;  // D lines that answer
    std::uint64_t pages = 0;          // bulk: that it handed out without an A line
    std::uint8_t migratetype = 0;     // bulk
    std::size_t position = 0;
};

struct TraceSchedule {
    std::vector<TraceStep> steps;         // by position
    std::vector<std::size_t> unanswered;  // L and X lines whose A line the trace does not have
};

// `contended`: F lines of frees that went to the buddy although a per-CPU list serves their order.
[[nodiscard]] TraceSchedule schedule_trace(const KernelTrace& trace, const std::vector<bool>& contended);

// A free whose per-CPU list was locked by what the interrupt broke into goes to the buddy and leaves no D line. It shows later:
// the block is taken off a buddy list, or stands on one at the end, and never was drained. By event.
[[nodiscard]] std::vector<bool> find_contended_frees(const KernelTrace& trace);

// The next event of the same CPU, or the number of events.
[[nodiscard]] std::vector<std::size_t> next_on_cpu(const TraceLog& log);

}  // namespace splinter::platforms
