// How a replay of a real kernel's trace ended, as plain values: what the report of a replay reads.
#pragma once

#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct ZoneBalance {
    std::string zone;
    std::uint64_t expected_free, free;  // pages: buddy lists and per-CPU lists together
};

struct ReplayReport {
    std::uint64_t events, allocations, frees;
    std::uint64_t failures;  // allocations that the kernel served and the model could not
    std::uint64_t overlaps;  // allocations that were given pages of a live one
    std::vector<ZoneBalance> zones;
    bool free_pages_compared;  // false: a share of the allocations was declared unmapped, so that the balance must differ
    RunResult result;          // of the one workload, with the resolved config

    // No failure, no overlap, and every zone that was compared ends with the snapshot's free pages.
    [[nodiscard]] bool agrees() const;
};

}  // namespace splinter::platforms
