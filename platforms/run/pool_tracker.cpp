#include "platforms/run/pool_tracker.h"

#include <algorithm>

namespace splinter::platforms {

void PoolTracker::mark(CpuId core, Cycles now) {
    PerCore& mine = cores_[core.index()];
    settle(mine, now);
    mine.marks.emplace_back(now, mine.area);
}

double PoolTracker::mean_pages(std::size_t window) const {
    std::int64_t area = 0;
    Cycles longest{0};
    for (const PerCore& core : cores_) {
        const auto& [begin, before] = core.marks[window];
        const auto& [end, after] = core.marks[window + 1];
        area += after - before;
        longest = std::max(longest, end - begin);
    }
    return longest == Cycles{0} ? 0 : static_cast<double>(area) / static_cast<double>(longest.raw());
}

std::int64_t PoolTracker::pages() const {
    std::int64_t sum = 0;
    for (const PerCore& core : cores_) sum += core.level;
    return sum;
}

}  // namespace splinter::platforms
