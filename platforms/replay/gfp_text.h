// What the gfp flags of a recorded allocation say of the slow path: may it block, may it use reserves. The names are those that
// Linux prints (include/trace/events/mmflags.h), joined with |.
#pragma once

#include <string_view>

#include "alloc/gfp.h"

namespace splinter::platforms {

struct GfpReserves {
    alloc::Blocking blocking = alloc::Blocking::may_block;
    alloc::Reserves reserves = alloc::Reserves::untouched;
};

// gfp_to_alloc_flags(): __GFP_HIGH opens reserves; a request without __GFP_DIRECT_RECLAIM may not block, which opens more of
// them unless it says __GFP_NOMEMALLOC: then it is told here as one that may.
[[nodiscard]] GfpReserves gfp_reserves(std::string_view gfp);

}  // namespace splinter::platforms
