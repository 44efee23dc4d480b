#include "hw/mmu/cached_entry.h"

#include <gtest/gtest.h>

#include "hw/base/rng.h"

namespace splinter::hw {
namespace {

// Walks from a table of `level` whose rights `above` restricts, with one entry, which is a leaf.
void expect_same_entry(x86::Level level, x86::Pte above, x86::Pte leaf, const x86::PagingState& state) {
    x86::PathRights rights;
    rights.restrict_by(above);
    x86::Walk walk{VirtAddr{0}, x86::WalkPoint{level, rights, Pfn{1}}, state};
    walk.step(leaf);
    ASSERT_TRUE(walk.found()) << leaf.raw();
    const CachedEntry packed{walk};
    EXPECT_EQ(packed.translation(), *walk.result()) << leaf.raw();
    EXPECT_EQ(packed.translation(), CachedEntry{*walk.result()}.translation()) << leaf.raw();
}

TEST(CachedEntry, PacksAWalkAsItPacksItsResult) {
    Rng rng{1, "cached-entry"};
    for (int i = 0; i < 20'000; ++i) {
        x86::PagingState state;
        state.pge = rng.below(2) == 0;
        for (const x86::Level level : {x86::kPte, x86::kPde, x86::kPdpte}) {
            const std::uint64_t reserved = state.beyond_physical() | (level == x86::kPte ? 0 : (level.bytes() - 1) & ~0x1fffU);
            const std::uint64_t large = level == x86::kPte ? 0 : x86::Pte::kPageSizeBit;
            const x86::Pte leaf{(rng.next() & ~reserved) | x86::Pte::kPresent | large};
            expect_same_entry(level, x86::Pte{rng.next()}, leaf, state);
        }
    }
}

}  // namespace
}  // namespace splinter::hw
