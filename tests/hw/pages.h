// Sizes and addresses of pages that several tests use.
#pragma once

#include <cstdint>

#include "hw/base/types.h"

namespace splinter::hw {

inline constexpr std::uint64_t kTwoMebibytes = std::uint64_t{1} << 21;
inline constexpr std::uint64_t kGibibyte = std::uint64_t{1} << 30;

inline VirtAddr page(std::uint64_t number) { return VirtAddr{number << kPageShift}; }

}  // namespace splinter::hw
