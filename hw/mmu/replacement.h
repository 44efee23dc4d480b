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

    // `way` has been used or filled. `state` is the set's word; kStateBits of it are the policy's, 0 in a set that was never
    // used, and the others stay as they are.
    void touch(std::uint64_t& state, std::size_t set, std::size_t way) {
        if (policy_ == Policy::lru)
            ages_[set * ways_ + way] = ++clock_;
        else
            state = (state & ~std::uint64_t{clear_[way]}) | set_[way];
    }
    static constexpr unsigned kStateBits = kMaxTreeWays - 1;
    [[nodiscard]] std::size_t victim(std::uint64_t state, std::size_t set) const {
        if (!groups_) [[unlikely]]
            return policy_ == Policy::lru ? oldest(set) : tree_victim(state, ways_);
        // Both of the others, without a branch: a tree-PLRU set of four ways is one group.
        const std::size_t group = next_group_[state >> kMruShift & 3];
        const unsigned nodes = state >> (group * kGroupBits) & 7;
        return group * kGroupWays + (kGroupVictims >> (2 * nodes) & 3);
    }

  private:
    static constexpr std::size_t kGroupWays = 4;
    static constexpr std::size_t kGroups = 3;
    static constexpr unsigned kGroupBits = 3;                    // nodes of a tree of four ways
    static constexpr unsigned kMruShift = kGroups * kGroupBits;  // then the most recently used group, two bits
    void prepare_tree();
    void prepare_groups();
    [[nodiscard]] static constexpr std::size_t tree_victim(std::uint64_t nodes, std::size_t ways) {
        std::size_t node = 1;
        while (node < ways) node = 2 * node + (nodes >> (node - 1) & 1);
        return node - ways;
    }
    // The victim in a group by the state of its nodes, two bits each.
    static constexpr std::uint32_t group_victims() {
        std::uint32_t victims = 0;
        for (unsigned nodes = 0; nodes < 8; ++nodes)
            victims |= static_cast<std::uint32_t>(tree_victim(nodes, kGroupWays)) << (2 * nodes);
        return victims;
    }
    static const std::uint32_t kGroupVictims;
    [[nodiscard]] std::size_t oldest(std::size_t set) const;

    Policy policy_;
    bool groups_ = false;                       // of four ways each: rotating-plru, and tree-plru of one group
    std::array<std::uint8_t, 4> next_group_{};  // by the most recently used one
    std::size_t ways_;
    std::uint64_t clock_ = 0;
    std::vector<std::uint64_t> ages_;                  // lru: of the last use, by set and way
    std::array<std::uint32_t, kMaxTreeWays> clear_{};  // by way: bits of the state that a use clears
    std::array<std::uint32_t, kMaxTreeWays> set_{};    // and those that it then sets
};
inline constexpr std::uint32_t Replacement::kGroupVictims = Replacement::group_victims();

}  // namespace splinter::hw
