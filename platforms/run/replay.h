// Replays a real kernel's allocation trace from its first snapshot and compares the free pages at the end with its last one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
    WorkloadResult result;

    // No failure, no overlap, and every zone that was compared ends with the snapshot's free pages.
    [[nodiscard]] bool agrees() const;
};

// `sets` are the texts after --set. Throws UserError: no such directory, truncated or garbled trace, unknown key.
ReplayReport replay_trace(const std::string& directory, const std::vector<std::string>& sets);

}  // namespace splinter::platforms
