#include "platforms/replay/gfp_text.h"

#include <algorithm>
#include <array>

namespace splinter::platforms {
namespace {

// Those that hold __GFP_DIRECT_RECLAIM; GFP_ATOMIC, GFP_NOWAIT and GFP_TRANSHUGE_LIGHT do not.
constexpr std::array<std::string_view, 10> kBlocking{
    "GFP_KERNEL",    "GFP_KERNEL_ACCOUNT",   "GFP_NOIO",     "GFP_NOFS", "GFP_USER", "GFP_HIGHUSER", "GFP_HIGHUSER_MOVABLE",
    "GFP_TRANSHUGE", "__GFP_DIRECT_RECLAIM", "__GFP_RECLAIM"};

}  // namespace

GfpReserves gfp_reserves(std::string_view gfp) {
    GfpReserves found{alloc::Blocking::may_not_block, alloc::Reserves::untouched};
    for (std::size_t begin = 0; begin <= gfp.size();) {
        const std::size_t end = std::min(gfp.find('|', begin), gfp.size());
        const std::string_view name = gfp.substr(begin, end - begin);
        if (name == "GFP_ATOMIC" || name == "__GFP_HIGH") found.reserves = alloc::Reserves::may_use;
        if (name == "__GFP_NOMEMALLOC" || std::find(kBlocking.begin(), kBlocking.end(), name) != kBlocking.end())
            found.blocking = alloc::Blocking::may_block;
        begin = end + 1;
    }
    return found;
}

}  // namespace splinter::platforms
