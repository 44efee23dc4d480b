// Free lists over simulated time: a bounded number of samples at equal distances that double as the run grows. Nothing is asked
// of the machine: each zone is looked at when a CPU takes its lock, so that sample k is what the first holder at or after
// k * interval finds. The simulation is the same with and without it, and the samples are the same for every quantum.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "alloc/statistics.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms {

class FreeListSampler : public alloc::ZoneWatcher {
  public:
    static constexpr std::size_t kMostSamples = 64;    // per zone, less than twice as many distances as that in a run
    static constexpr Cycles kFirstInterval{1U << 12};  // finer than any phase

    void locked(const alloc::Zone& zone, Cycles now) override;
    // The end of the run: all zones get the samples that are due, and a last one. Samples that equal the one before are left
    // out: a sample holds until the next.
    [[nodiscard]] FreeListHistory finish(const std::vector<alloc::Zone>& zones, Cycles end);

  private:
    struct History {
        Cycles interval = kFirstInterval;
        std::vector<alloc::FreeBlocks> samples;  // at 0, interval, 2 * interval, ...
    };
    std::map<std::uint64_t, History> zones_;  // by index
};

}  // namespace splinter::platforms
