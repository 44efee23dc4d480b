// What a user's trace asks of an allocator. Nothing is known of the recorded machine's free lists, and lines may be missing, so
// that the rules are laxer than those of trace_script.h; whatever does not fit is counted:
//   - a free of a block, or of a part of one (alloc_pages_exact(), a split huge page), that a line before allocated frees that;
//   - a free of pages that no line allocated is of an unknown page, and is left out;
//   - an allocation of pages that the lines before left allocated: their free was lost, and is made good just before.
#pragma once

#include "platforms/workload/kernel_trace_share.h"
#include "platforms/workload/trace_script.h"
#include "platforms/workload/user_trace.h"

namespace splinter::platforms {

struct UserTraceScript {
    TraceScript script;
    std::uint64_t unknown_frees = 0;
    std::uint64_t unknown_pages = 0;  // of these frees
    std::uint64_t missing_frees = 0;  // made good
};

// `zones`: the machine's, by name: allocations with __GFP_DMA and __GFP_DMA32 begin at the zone of that name and may use lower
// ones.
[[nodiscard]] UserTraceScript make_user_script(const UserTrace& trace, const UnmappedShare& share,
                                               const std::vector<std::string>& zones);

}  // namespace splinter::platforms
