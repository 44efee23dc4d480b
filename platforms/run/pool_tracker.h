// The pool: pages out of the direct map that nobody owns, whichever strategy keeps them. Followed by the moments at which it
// grows and shrinks, as facts of each core's own time, so that results do not depend on who ran first in host order: each core
// keeps the part that its own moments have added, which may be negative, and the area under it.
#pragma once

#include <vector>

#include "alloc/flush/flush_strategy.h"

namespace splinter::platforms {

class PoolTracker : public alloc::MapObserver {
  public:
    explicit PoolTracker(std::size_t cores) : cores_(cores) {}

    void narrowed(alloc::Cpu& cpu, PfnRange range) override {
        ++cores_[cpu.id().index()].narrowings;
        change(cpu, static_cast<std::int64_t>(range.count.raw()));
    }
    void widened(alloc::Cpu& cpu, PfnRange range) override { change(cpu, -static_cast<std::int64_t>(range.count.raw())); }
    void handed_out(alloc::Cpu& cpu, PfnRange range) override { change(cpu, -static_cast<std::int64_t>(range.count.raw())); }
    void released(alloc::Cpu& cpu, PfnRange range) override { change(cpu, static_cast<std::int64_t>(range.count.raw())); }

    // Times that the core has taken pages out of the direct map: a request between two equal counts was served from the pool.
    [[nodiscard]] std::uint64_t narrowings(CpuId core) const { return cores_[core.index()].narrowings; }
    // A new window of the core begins: window k lies between its marks k and k + 1.
    void mark(CpuId core, Cycles now);
    // The mean number of pages over window k, weighted by time.
    [[nodiscard]] double mean_pages(std::size_t window) const;
    // Now, by the sum of all moments.
    [[nodiscard]] std::int64_t pages() const;

  private:
    struct PerCore {
        std::int64_t level = 0;  // pages that its moments have added
        std::int64_t area = 0;   // page-cycles since its first mark
        Cycles last{0};
        std::uint64_t narrowings = 0;
        std::vector<std::pair<Cycles, std::int64_t>> marks;  // time, area
    };
    void change(const alloc::Cpu& cpu, std::int64_t pages) {
        PerCore& core = cores_[cpu.id().index()];
        settle(core, cpu.now());
        core.level += pages;
    }
    static void settle(PerCore& core, Cycles now) {
        core.area += core.level * static_cast<std::int64_t>((now - core.last).raw());
        core.last = now;
    }
    std::vector<PerCore> cores_;
};

}  // namespace splinter::platforms
