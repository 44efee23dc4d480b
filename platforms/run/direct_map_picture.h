// The direct map by address, in cells of equal size: how large its leaves are, and what is not mapped or has a key. Taken from
// the page tables themselves.
#pragma once

#include "hw/x86/phys_mem.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

inline constexpr std::uint64_t kMostDirectMapCells = 1024;

[[nodiscard]] DirectMapPicture take_direct_map_picture(const x86::PhysMem& memory, Pfn root);

}  // namespace splinter::platforms
