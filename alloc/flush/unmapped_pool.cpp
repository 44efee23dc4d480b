#include "alloc/flush/unmapped_pool.h"

#include <algorithm>
#include <cstdlib>
#include <ranges>

namespace splinter::alloc {

UnmappedPool::UnmappedPool(PageAllocator& pages, Flips& flips, KernelWork& work, const FreetypeParams& params,
                           layout::KernelData data, std::size_t cpus)
    : pages_{pages},
      flips_{flips},
      work_{work},
      low_{static_cast<std::int64_t>(params.preflip_low)},
      high_{static_cast<std::int64_t>(params.preflip_high)},
      return_above_{static_cast<std::int64_t>(params.return_above)},
      data_{data},
      differences_(cpus, 0) {}

void UnmappedPool::start(Cpu& cpu) {
    if (low_ > 0 && cpu.id().index() + 1 == differences_.size()) work_.at(cpu, cpu.now(), *this);
}

void UnmappedPool::change(Cpu& cpu, std::int64_t pages) {
    if (low_ == 0 && return_above_ == 0) return;
    std::int64_t& difference = differences_[cpu.id().index()];
    difference += pages;
    if (std::abs(difference) < kThreshold) return;
    const std::int64_t folded = difference;
    difference = 0;
    cpu.touch(data_.strategy_line(), Touch::contended);
    pool_ += folded;
    if (!low(pool_, low_) && !above(pool_)) return;
    const auto block = static_cast<std::int64_t>(kPageblockOrder.pages().raw());
    if (gave_up_at_ >= 0 && std::abs(pool_ - gave_up_at_) < block) return;
    gave_up_at_ = -1;
    work_.wake(cpu, CpuId{static_cast<std::uint32_t>(differences_.size() - 1)}, *this);
}

std::int64_t UnmappedPool::count(Cpu& cpu) {
    cpu.touch(data_.strategy_line(), Touch::contended);
    return pool_;
}

// Hysteresis: woken below `low`, it goes on to `high`.
void UnmappedPool::run(Cpu& cpu) {
    const Account account{cpu, kPreflip};
    bool found = true;
    if (low(count(cpu), low_))
        while (found && low(count(cpu), high_)) found = flip(cpu, Direction::to_unmapped);
    while (found && above(count(cpu))) found = flip(cpu, Direction::to_mapped);
    if (!found) gave_up_at_ = std::max<std::int64_t>(count(cpu), 0);
}

// One block, of the highest zone that has one.
bool UnmappedPool::flip(Cpu& cpu, Direction direction) {
    for (Zone& zone : pages_.zones() | std::views::reverse) {
        const auto outcome = direction == Direction::to_unmapped ? flips_.unmap_ahead(cpu, zone) : flips_.map_back(cpu, zone);
        if (outcome == Flips::Ahead::done) return true;
    }
    return false;
}

}  // namespace splinter::alloc
