// The numbers below a bound in a random order, each once, without a table: a Feistel network over the smallest power of four
// that is not below the bound, walked until it falls below it (Black and Rogaway, CT-RSA 2002, "cycle walking").
#pragma once

#include "hw/base/rng.h"

namespace splinter::platforms {

class RandomOrder {
  public:
    // REQUIRES: bound > 0.
    RandomOrder(std::uint64_t bound, Rng& rng) : bound_{bound} {
        while ((std::uint64_t{1} << (2 * half_bits_)) < bound) ++half_bits_;
        for (std::uint64_t& key : keys_) key = rng.next() | 1;
    }
    // The number at place `index`. REQUIRES: index < bound.
    [[nodiscard]] std::uint64_t operator[](std::uint64_t index) const {
        do index = permute(index);
        while (index >= bound_);
        return index;
    }

  private:
    static constexpr unsigned kRounds = 4;
    [[nodiscard]] std::uint64_t permute(std::uint64_t value) const {
        const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
        std::uint64_t left = value >> half_bits_;
        std::uint64_t right = value & mask;
        for (std::uint64_t key : keys_) {
            const std::uint64_t mixed = (right + 1) * key;
            const std::uint64_t next = left ^ ((mixed ^ mixed >> 29) * 0x9e3779b97f4a7c15U >> 40 & mask);
            left = right;
            right = next;
        }
        return left << half_bits_ | right;
    }
    std::uint64_t bound_;
    unsigned half_bits_ = 1;
    std::uint64_t keys_[kRounds]{};
};

}  // namespace splinter::platforms
