#include "hw/mem/line_directory.h"

#include <gtest/gtest.h>

namespace splinter::hw {
namespace {

constexpr VirtAddr kLine{0x1000};

class LineDirectoryTest : public ::testing::Test {
  protected:
    static MachineParams params() {
        MachineParams machine;
        machine.cores = 16;
        machine.cores_per_socket = 4;
        machine.cluster_cores = 2;
        machine.mem.l1d_hit = Cycles{4};
        machine.mem.transfer_sibling = Cycles{19};
        machine.mem.transfer_cluster = Cycles{50};
        machine.mem.transfer_socket = Cycles{135};
        machine.mem.transfer_cross = Cycles{285};
        return machine;
    }
    Cycles take(std::uint32_t cpu, VirtAddr address = kLine) { return lines_.take(CpuId{cpu}, address); }
    Topology topology_{params()};
    LineDirectory lines_{params(), topology_};
};

TEST_F(LineDirectoryTest, ALineNobodyTouchedIsAHit) { EXPECT_EQ(take(0), Cycles{4}); }

TEST_F(LineDirectoryTest, TheOwnerHits) {
    take(1);
    EXPECT_EQ(take(1), Cycles{4});
}

TEST_F(LineDirectoryTest, AnotherCorePaysByDistance) {
    take(0);
    EXPECT_EQ(take(8), Cycles{19});
    EXPECT_EQ(take(1), Cycles{50});
    EXPECT_EQ(take(2), Cycles{135});
    EXPECT_EQ(take(4), Cycles{285});
}

TEST_F(LineDirectoryTest, ATakenLineIsGoneFromItsFormerOwner) {
    take(0);
    take(4);
    EXPECT_EQ(take(0), Cycles{285});
}

TEST_F(LineDirectoryTest, ALineIs64Bytes) {
    take(0);
    EXPECT_EQ(take(4, kLine + 64), Cycles{4});
    EXPECT_EQ(take(4, kLine + 63), Cycles{285});
}

TEST_F(LineDirectoryTest, EachPageOfManyKeepsItsOwners) {
    constexpr std::uint32_t kPages = 1000;
    for (const std::uint64_t line : {0, 63})
        for (std::uint32_t page = 0; page < kPages; ++page) take(page % 16, kLine + page * kPageBytes + line * 64);
    for (const std::uint64_t line : {0, 63})
        for (std::uint32_t page = 0; page < kPages; ++page)
            EXPECT_EQ(take(page % 16, kLine + page * kPageBytes + line * 64), Cycles{4}) << page;
    EXPECT_EQ(take(4, kLine + 16 * kPageBytes), Cycles{285});
}

}  // namespace
}  // namespace splinter::hw
