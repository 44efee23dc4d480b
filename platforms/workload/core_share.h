// Which cores of a machine allocate, if a share of them does: spread evenly, core floor(i * cores / allocating) for each i.
#pragma once

#include <algorithm>

#include "hw/base/types.h"

namespace splinter::platforms {

class CoreShare {
  public:
    // At least one core.
    CoreShare(std::uint64_t cores, std::uint64_t percent)
        : cores_{cores}, allocating_{std::max<std::uint64_t>(1, cores * percent / 100)} {}
    [[nodiscard]] bool contains(CpuId core) const {
        const std::uint64_t i = (core.raw() * allocating_ + cores_ - 1) / cores_;
        return i < allocating_ && i * cores_ / allocating_ == core.raw();
    }
    [[nodiscard]] std::uint64_t count() const { return allocating_; }

  private:
    std::uint64_t cores_;
    std::uint64_t allocating_;
};

}  // namespace splinter::platforms
