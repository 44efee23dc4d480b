// /proc/buddyinfo and /proc/pagetypeinfo as text (mm/vmstat.c: frag_show_print(), pagetypeinfo_show(); Linux 6.1 and 6.12): how
// many free blocks of each order, and of each migratetype, the zones have, and how many pageblocks of each migratetype.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "hw/base/types.h"

namespace splinter::platforms {

// Rows of pagetypeinfo. `unmapped` is the model's own: free blocks that are not in the direct map (run/proc_files.h).
enum class FreeRow : std::uint8_t { unmovable, movable, reclaimable, highatomic, isolate, cma, unmapped };
inline constexpr std::size_t kFreeRows = 7;
inline constexpr std::array<std::string_view, kFreeRows> kFreeRowNames{"Unmovable", "Movable", "Reclaimable", "HighAtomic",
                                                                       "Isolate",   "CMA",     "Unmapped"};
inline constexpr std::size_t kProcOrders = 11;
using OrderCounts = std::array<std::uint64_t, kProcOrders>;

struct ProcZone {
    std::string name;
    std::array<OrderCounts, kFreeRows> free{};          // blocks, by row and order
    std::array<std::uint64_t, kFreeRows> pageblocks{};  // 0 where pagetypeinfo was not given
    [[nodiscard]] OrderCounts free_of_all_rows() const;
    [[nodiscard]] PageCount free_pages() const;
};

struct ProcFreeLists {
    std::vector<ProcZone> zones;     // in the files' order
    bool has_rows = false;           // from pagetypeinfo; otherwise all blocks count as movable
    std::vector<std::string> notes;  // what had to be assumed, a sentence each
};

// Either text may be absent (an empty path), not both. UserError at path:line:column.
[[nodiscard]] ProcFreeLists load_proc_free_lists(const std::string& buddyinfo_path, const std::string& pagetypeinfo_path);

[[nodiscard]] ProcFreeLists parse_buddyinfo(const std::string& text, const std::string& path);
// A count that the kernel caps (">100000") is taken from `buddyinfo`, if that is given and one row of its order is capped.
[[nodiscard]] ProcFreeLists parse_pagetypeinfo(const std::string& text, const std::string& path,
                                               const ProcFreeLists* buddyinfo = nullptr);

}  // namespace splinter::platforms
