// Page tables that a row's cores walk: one address space per core, as on a booted node. Kept between a row's iterations.
#pragma once

#include <vector>

#include "alloc/map/boot_tables.h"

namespace splinter::bench {

class MemoryImage {
  public:
    // `pages` of user memory per core, in 4 KiB leaves. The frames behind them are never touched and cost the host nothing.
    MemoryImage(std::uint64_t cores, std::uint64_t pages);
    [[nodiscard]] x86::PhysMem& memory() { return memory_; }
    [[nodiscard]] Pfn root(std::size_t core) const { return roots_[core]; }

  private:
    x86::PhysMem memory_;
    alloc::BootFrames frames_;
    std::vector<Pfn> roots_;
};

}  // namespace splinter::bench
