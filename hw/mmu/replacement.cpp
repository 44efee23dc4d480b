#include "hw/mmu/replacement.h"

#include <algorithm>

namespace splinter::hw {
namespace {

// Node numbers of a heap: the root is 1, the children of n are 2n and 2n + 1. Bit n - 1 of the state: 1 points right.
// A use of `way` makes every node on its path point away from it.
struct Path {
    std::uint32_t nodes = 0;  // bits of the nodes on the path
    std::uint32_t away = 0;   // their values after the use
};

Path path_to(std::size_t way, std::size_t ways) {
    Path path;
    std::size_t node = 1;
    for (std::size_t half = ways / 2; half > 0; half /= 2) {
        const std::uint32_t bit = std::uint32_t{1} << (node - 1);
        const bool right = (way & half) != 0;
        path.nodes |= bit;
        if (!right) path.away |= bit;
        node = 2 * node + (right ? 1 : 0);
    }
    return path;
}

}  // namespace

Replacement::Replacement(const TlbParams& params) : ways_{params.ways} {
    if (params.replacement == "tree-plru") {
        policy_ = Policy::tree_plru;
        prepare_tree();
    } else if (params.replacement == "rotating-plru") {
        policy_ = Policy::rotating_plru;
        prepare_groups();
    } else {
        policy_ = Policy::lru;
        ages_.assign(params.entries, 0);
    }
}

void Replacement::prepare_tree() {
    for (std::size_t way = 0; way < ways_; ++way) {
        const Path path = path_to(way, ways_);
        clear_[way] = path.nodes;
        set_[way] = path.away;
    }
    groups_ = ways_ == kGroupWays;
}

void Replacement::prepare_groups() {
    for (std::size_t way = 0; way < ways_; ++way) {
        const std::size_t group = way / kGroupWays;
        const Path path = path_to(way % kGroupWays, kGroupWays);
        clear_[way] = path.nodes << (group * kGroupBits) | std::uint32_t{3} << kMruShift;
        set_[way] = path.away << (group * kGroupBits) | static_cast<std::uint32_t>(group) << kMruShift;
    }
    groups_ = true;
    next_group_ = {1, 2, 0, 0};
}

std::size_t Replacement::oldest(std::size_t set) const {
    const auto first = ages_.begin() + static_cast<std::ptrdiff_t>(set * ways_);
    return static_cast<std::size_t>(std::min_element(first, first + static_cast<std::ptrdiff_t>(ways_)) - first);
}

}  // namespace splinter::hw
