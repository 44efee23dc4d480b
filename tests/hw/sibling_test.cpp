// What two busy threads of one core leave each other of its TLBs.
#include <gtest/gtest.h>

#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

// One socket of two cores; thread 2 is the sibling of core 0.
MachineParams two_cores(std::uint64_t threads) {
    MachineParams params;
    params.sockets = 1;
    params.cores_per_socket = 2;
    params.cluster_cores = 2;
    params.cores = threads;
    return params;
}

// Reads `pages` pages twice, one after the other; the misses of the L1 TLB in the second round.
std::uint64_t misses_of_second_round(TestMachine& test, std::uint32_t cpu, std::uint64_t pages) {
    std::uint64_t misses = 0;
    for (std::uint64_t i = 0; i < pages; ++i) test.map(VirtAddr{i * kPageBytes}, Pfn{0x100 + i}, kUsedLeaf);
    test.program(cpu).body = [&misses, pages](Core& core) {
        for (int round = 0; round < 2; ++round) {
            const std::uint64_t before = core.mmu().unit().stats().l1_misses;
            for (std::uint64_t i = 0; i < pages; ++i) core.access(VirtAddr{i * kPageBytes}, kRead);
            misses = core.mmu().unit().stats().l1_misses - before;
        }
    };
    test.run();
    return misses;
}

TEST(Siblings, EachHasHalfOfTheFirstLevel) {
    for (const std::uint32_t cpu : {0U, 2U}) {
        TestMachine fits{two_cores(3)};
        EXPECT_EQ(misses_of_second_round(fits, cpu, 32), 0U) << cpu;
        TestMachine too_many{two_cores(3)};
        EXPECT_GT(misses_of_second_round(too_many, cpu, 33), 0U) << cpu;
    }
}

TEST(Siblings, AThreadWithoutAnOnlineSiblingHasTheWholeTlb) {
    TestMachine alone{two_cores(2)};
    EXPECT_EQ(misses_of_second_round(alone, 0, 64), 0U);
    TestMachine neighbour{two_cores(3)};
    EXPECT_EQ(misses_of_second_round(neighbour, 1, 64), 0U);
}

TEST(Siblings, HalveSetsOrTheWaysOfASingleSet) {
    const MmuParams halves = shared_by_siblings(MmuParams{});
    EXPECT_EQ(halves.l2.entries, 768U);
    EXPECT_EQ(halves.l2.ways, 12U);
    EXPECT_EQ(halves.l1d_huge.entries, 2U);
    EXPECT_EQ(halves.l1d_huge.ways, 2U);
    EXPECT_EQ(halves.l1s.entries, 0U);  // the part has none
    EXPECT_NO_THROW(halves.check());
}

}  // namespace
}  // namespace splinter::hw
