#include "hw/topology.h"

#include <gtest/gtest.h>

namespace splinter::hw {
namespace {

// Two sockets of four cores in clusters of two: threads 0-3 and 4-7, siblings 8-15.
MachineParams machine_with_cores(std::uint64_t cores) {
    MachineParams params;
    params.cores = cores;
    params.sockets = 2;
    params.cores_per_socket = 4;
    params.cluster_cores = 2;
    return params;
}

Distance distance(const Topology& topology, std::uint32_t from, std::uint32_t to) {
    return topology.distance(CpuId{from}, CpuId{to});
}

TEST(Topology, NamesTheDistanceOfTwoCores) {
    const Topology topology{machine_with_cores(16)};
    EXPECT_EQ(distance(topology, 3, 3), Distance::self);
    EXPECT_EQ(distance(topology, 0, 1), Distance::cluster);
    EXPECT_EQ(distance(topology, 1, 2), Distance::socket);
    EXPECT_EQ(distance(topology, 3, 4), Distance::cross);
}

TEST(Topology, DistanceIsTheSameBothWays) {
    const Topology topology{machine_with_cores(16)};
    for (std::uint32_t a = 0; a < 16; ++a)
        for (std::uint32_t b = 0; b < 16; ++b) EXPECT_EQ(distance(topology, a, b), distance(topology, b, a)) << a << ", " << b;
}

TEST(Topology, SiblingsFollowAfterTheLastSocket) {
    const Topology topology{machine_with_cores(16)};
    EXPECT_EQ(distance(topology, 0, 8), Distance::sibling);
    EXPECT_EQ(distance(topology, 0, 9), Distance::cluster);
    EXPECT_EQ(topology.socket(CpuId{8U}), 0U);
    EXPECT_EQ(topology.socket(CpuId{12U}), 1U);
}

TEST(Topology, OnlyThreadsWithAnOnlineSiblingShareTheirCore) {
    const Topology topology{machine_with_cores(10)};  // 8 and 9 are the siblings of 0 and 1
    for (std::uint32_t cpu = 0; cpu < 10; ++cpu) EXPECT_EQ(topology.shares_core(CpuId{cpu}), cpu < 2 || cpu >= 8) << cpu;
    EXPECT_EQ(topology.threads_with_sibling(), 4U);
    EXPECT_EQ(Topology{machine_with_cores(8)}.threads_with_sibling(), 0U);
}

TEST(Topology, TheProductsThreadsAreNotHypothetical) { EXPECT_FALSE(Topology{machine_with_cores(16)}.hypothetical()); }

TEST(Topology, OneThreadMoreThanTheProductHasIsHypothetical) { EXPECT_TRUE(Topology{machine_with_cores(17)}.hypothetical()); }

TEST(Topology, BeyondTheProductCoresPerSocketGrow) {
    const Topology topology{machine_with_cores(32)};  // 16 a socket
    EXPECT_EQ(topology.socket(CpuId{15U}), 0U);
    EXPECT_EQ(topology.socket(CpuId{16U}), 1U);
}

}  // namespace
}  // namespace splinter::hw
