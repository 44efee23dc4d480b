// The direct map's leaves as boot makes them: as large as fits up to kernel.direct_map.largest_leaf, or where a recorded layout
// says so.
//
// Of a recording the sizes are taken, and whether a leaf is global (one that once was not present is not). Rights are not: whom
// they protected, the image of the recorded kernel for instance, is not who owns the frames here. Frames that it does not have
// are mapped by the other rule.
// 4 KiB leaves cost one page of page tables per 2 MiB of memory, in the simulated memory and in the host's: 513 MiB for 256
// GiB.
#pragma once

#include <optional>

#include "alloc/kernel_params.h"
#include "alloc/map/boot_tables.h"
#include "platforms/workload/direct_map_layout.h"

namespace splinter::platforms {

class DirectMapStart {
  public:
    // Loads the layout. UserError.
    explicit DirectMapStart(const alloc::DirectMapParams& params);
    // Page-table pages that it can take at most for memory of `bytes`, its own tables included.
    [[nodiscard]] PageCount tables_for(std::uint64_t bytes) const;
    // Maps [0, end). UserError: the recording has frames behind it.
    void map_memory(alloc::BootTables& tables, PageCount end) const;
    // Maps what no recording knows.
    void map(alloc::BootTables& tables, PfnRange range) const { tables.map_direct(range, largest_); }

  private:
    x86::PageSize largest_;
    std::optional<DirectMapLayout> layout_;
};

}  // namespace splinter::platforms
