// What the symbolic gfp flags of a trace ask for. Names: include/trace/events/mmflags.h of Linux 6.1 and 6.12, which print a
// composite such as GFP_KERNEL where all of its bits are set, and single bits as __GFP_NAME.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alloc/gfp.h"

namespace splinter::platforms {

struct GfpMeaning {
    alloc::Migratetype migratetype = alloc::Migratetype::unmovable;  // gfp_migratetype()
    alloc::Blocking blocking = alloc::Blocking::may_not_block;       // __GFP_DIRECT_RECLAIM
    alloc::Reserves reserves = alloc::Reserves::untouched;           // __GFP_HIGH
    bool no_memalloc = false;                                        // __GFP_NOMEMALLOC
    alloc::ZoneKind highest_zone = alloc::ZoneKind::movable;         // gfp_zone(); movable: no flag names a lower one
    std::vector<std::string> unknown;                                // names that neither kernel has
};

// `text`: names and hexadecimal rests joined with |.
[[nodiscard]] GfpMeaning read_gfp(std::string_view text);

struct GfpReserves {
    alloc::Blocking blocking = alloc::Blocking::may_block;
    alloc::Reserves reserves = alloc::Reserves::untouched;
    alloc::ZoneKind highest_zone = alloc::ZoneKind::movable;
};
// gfp_to_alloc_flags(): __GFP_HIGH opens reserves; a request without __GFP_DIRECT_RECLAIM may not block, which opens more of
// them unless it says __GFP_NOMEMALLOC: then it is told here as one that may.
[[nodiscard]] GfpReserves gfp_reserves(std::string_view text);

// One of the names that the two kernels print.
[[nodiscard]] bool is_gfp_name(std::string_view name);
// The parts between the bars.
[[nodiscard]] std::vector<std::string_view> split_gfp(std::string_view text);

}  // namespace splinter::platforms
