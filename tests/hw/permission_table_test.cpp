#include "hw/mmu/permission_table.h"

#include <gtest/gtest.h>

#include "hw/base/rng.h"

namespace splinter::hw {
namespace {

x86::PagingState random_state(Rng& rng) {
    const auto flip = [&] { return rng.below(2) != 0; };
    x86::PagingState state;
    state.wp = flip();
    state.smep = flip();
    state.smap = flip();
    state.pke = flip();
    state.pks = flip();
    state.nxe = flip();
    state.ac = flip();
    state.pkru = x86::KeyRights{static_cast<std::uint32_t>(rng.below(std::uint64_t{1} << 32))};
    state.pkrs = x86::KeyRights{static_cast<std::uint32_t>(rng.below(std::uint64_t{1} << 32))};
    return state;
}

// Every kind of access to every kind of page, under registers of 200 random states.
TEST(PermissionTable, AnswersWhatTheCheckAnswers) {
    Rng rng{2024, "permissions"};
    PermissionTable table{x86::PagingState{}};
    for (int round = 0; round < 200; ++round) {
        const x86::PagingState state = random_state(rng);
        table.rebuild(state);
        for (unsigned choice = 0; choice < 3 * 2 * 2 * 8 * 16; ++choice) {
            const x86::Access access{static_cast<x86::AccessKind>(choice % 3), static_cast<x86::Mode>(choice / 3 % 2),
                                     static_cast<x86::Origin>(choice / 6 % 2)};
            const unsigned rights_bits = choice / 12;
            const x86::Rights rights{(rights_bits & 1) != 0,
                                     (rights_bits & 2) != 0,
                                     (rights_bits & 4) != 0,
                                     false,
                                     true,
                                     static_cast<std::uint8_t>(rights_bits / 8)};
            const CachedEntry entry{x86::Translation{Pfn{1}, x86::PageSize::k4, rights}};
            ASSERT_EQ(table.permits(access, entry), !check_access(VirtAddr{0}, access, rights, state)) << choice;
        }
    }
}

TEST(CachedEntry, KeepsEveryFieldOfATranslation) {
    for (x86::PageSize size : x86::kPageSizes)
        for (unsigned bits = 0; bits < 32; ++bits) {
            const x86::Rights rights{(bits & 1) != 0, (bits & 2) != 0,  (bits & 4) != 0,
                                     (bits & 8) != 0, (bits & 16) != 0, static_cast<std::uint8_t>(bits % 16)};
            const x86::Translation translation{Pfn{0x3ffffc0000U}, size, rights};
            CachedEntry entry{translation};
            EXPECT_EQ(entry.translation(), translation);
            EXPECT_FALSE(entry.stale());
            entry.mark_stale();
            EXPECT_TRUE(entry.stale());
            EXPECT_EQ(entry.translation(), translation);
        }
}

}  // namespace
}  // namespace splinter::hw
