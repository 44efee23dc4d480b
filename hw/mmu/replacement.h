// Which way of a set is replaced next. The state of a set is a word that its array keeps; true LRU keeps ages here. Pure.
//   lru            true least-recently-used
//   tree-plru      one bit per node of a binary tree over the ways, which are a power of two (Skylake's L1 TLBs)
//   rotating-plru  three groups of four ways: the group after the most recently used one, and in it the tree-PLRU way
//                  ("(MRU+1)%3 PLRU4", Skylake's L2 TLB)
// Both pseudo-LRU forms and where they are found: TLB;DR, USENIX Security 2022, repository vusec/tlbdr, TLB/README.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hw/machine_params.h"

namespace splinter::hw {

class Replacement {
  public:
    enum class Policy : std::uint8_t { lru, tree_plru, rotating_plru };

    // REQUIRES: TlbParams::check() lets the parameters pass.
    explicit Replacement(const TlbParams& params);

    // The state of a set after `way` has been used or filled; a set that was never used has state 0.
    [[nodiscard]] std::uint32_t touched(std::uint32_t state, std::size_t set, std::size_t way) {
        if (policy_ == Policy::lru) {
            ages_[set * ways_ + way] = ++clock_;
            return state;
        }
        return (state & keep_[way]) | set_[way];
    }
    [[nodiscard]] std::size_t victim(std::uint32_t state, std::size_t set) const {
        if (policy_ == Policy::lru) return oldest(set);
        if (policy_ == Policy::tree_plru) return tree_victim(state, ways_);
        const std::uint32_t recent = state >> kMruShift;
        const std::size_t group = recent + 1 == kGroups ? 0 : recent + 1;
        return group * kGroupWays + tree_victim(state >> (group * kGroupBits) & 7, kGroupWays);
    }

  private:
    static constexpr std::size_t kGroupWays = 4;
    static constexpr std::size_t kGroups = 3;
    static constexpr unsigned kGroupBits = 3;                    // nodes of a tree of four ways
    static constexpr unsigned kMruShift = kGroups * kGroupBits;  // then the most recently used group, two bits
    void prepare_tree();
    void prepare_groups();
    [[nodiscard]] static std::size_t tree_victim(std::uint32_t nodes, std::size_t ways) {
        std::size_t node = 1;
        while (node < ways) node = 2 * node + (nodes >> (node - 1) & 1);
        return node - ways;
    }
    [[nodiscard]] std::size_t oldest(std::size_t set) const;

    Policy policy_;
    std::size_t ways_;
    std::uint64_t clock_ = 0;
    std::vector<std::uint64_t> ages_;                 // lru: of the last use, by set and way
    std::array<std::uint32_t, kMaxTreeWays> keep_{};  // by way: bits of the state that a use leaves alone
    std::array<std::uint32_t, kMaxTreeWays> set_{};   // and those that it sets
};

}  // namespace splinter::hw
