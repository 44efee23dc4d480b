// How freetype blocks are flipped: a generation's rules, and the knobs of `freetype.*` that reviewers of the series asked for.
// The defaults are the series' behaviour. No kernel has checked these policies.
#pragma once

#include "alloc/buddy/generation.h"
#include "alloc/buddy/zone.h"
#include "alloc/kernel_params.h"

namespace splinter::alloc {

// A refill of a per-CPU list that finds nothing.
enum class EmptyRefill : std::uint8_t {
    leaves_it,      // the series, both generations [C]: rmqueue_bulk() never flips
    flips_a_block,  // the question of August 2026 [M]: one flip, then the refill again
};

struct FlipPolicy {
    const GenerationRules* generation = &kLate;
    PageCount unit = kPageblockOrder.pages();  // [C]; other sizes [I]
    EmptyRefill refill = EmptyRefill::leaves_it;
    Scrub scrub = kLate.scrub;

    // The unit as an order, as far as the buddy lists have blocks for it: a larger unit falls back to pageblocks.
    [[nodiscard]] Order order() const;
    [[nodiscard]] bool exceeds_the_largest_block() const { return unit > kMaxOrder.pages(); }
};

// REQUIRES: the values that describe(KernelParams&) allows.
[[nodiscard]] FlipPolicy flip_policy(const FreetypeParams& params);
// The lists of the zones: none for a kernel without freetypes. Throws UserError about kernel.freetypes.
[[nodiscard]] FreetypeLists freetype_lists(const KernelParams& params);

}  // namespace splinter::alloc
