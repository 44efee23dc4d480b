// What the symbolic gfp flags of a trace ask for. Names: include/trace/events/mmflags.h of Linux 6.1 and 6.12, which print a
// composite such as GFP_KERNEL where all of its bits are set, and single bits as __GFP_NAME.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alloc/gfp.h"

namespace splinter::platforms {

enum class ZoneLimit : std::uint8_t { none, dma32, dma };

struct GfpMeaning {
    alloc::Migratetype migratetype = alloc::Migratetype::unmovable;  // gfp_migratetype()
    alloc::Blocking blocking = alloc::Blocking::may_not_block;       // __GFP_DIRECT_RECLAIM
    ZoneLimit limit = ZoneLimit::none;                               // gfp_zone()
    std::vector<std::string> unknown;                                // names that neither kernel has
};

// `text`: names and hexadecimal rests joined with |.
[[nodiscard]] GfpMeaning read_gfp(std::string_view text);
// One of the names that the two kernels print.
[[nodiscard]] bool is_gfp_name(std::string_view name);
// The parts between the bars.
[[nodiscard]] std::vector<std::string_view> split_gfp(std::string_view text);

}  // namespace splinter::platforms
