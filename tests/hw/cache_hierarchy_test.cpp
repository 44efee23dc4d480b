#include "hw/mem/cache_hierarchy.h"

#include <gtest/gtest.h>

namespace splinter::hw {
namespace {

constexpr CpuId kCpu0{0U};
constexpr CpuId kCpu1{1U};

// Two sockets of two clusters of two cores. Each cache is one set: L1D 2 lines, L2 4, LLC 8.
MachineParams tiny_machine(const char* caches) {
    MachineParams params;
    params.cores = 8;
    params.sockets = 2;
    params.cores_per_socket = 4;
    params.cluster_cores = 2;
    params.page_table_caches = caches;
    params.mem.l1d = {128, 2};
    params.mem.l2 = {256, 4};
    params.mem.llc = {512, 8};
    params.mem.l1d_hit = Cycles{4};
    params.mem.l2_hit = Cycles{14};
    params.mem.llc_hit = Cycles{68};
    params.mem.dram_local = Cycles{203};
    params.mem.dram_remote = Cycles{328};
    params.mem.page_table_read = Cycles{17};
    return params;
}

class CacheHierarchyTest : public ::testing::Test {
  protected:
    CacheHierarchy& build(const MachineParams& params) {
        topology_.emplace(params);
        return caches_.emplace(params, *topology_);
    }
    // Reads `count` lines that are in no cache yet.
    void read_others(CpuId cpu, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) (void)caches_->access_data(cpu, PhysAddr{kOthers + 64 * next_++});
    }
    static constexpr std::uint64_t kOthers = 1 << 20;
    std::optional<Topology> topology_;
    std::optional<CacheHierarchy> caches_;
    std::uint64_t next_ = 0;
};

TEST_F(CacheHierarchyTest, FixedLatenciesDependOnNothing) {
    CacheHierarchy& caches = build(tiny_machine("fixed"));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(caches.read_page_table(kCpu0, PhysAddr{0}), Cycles{17});
        EXPECT_EQ(caches.access_data(kCpu0, PhysAddr{0}), Cycles{4});
    }
    EXPECT_FALSE(caches.reaches_shared(kCpu0, PhysAddr{0}));
}

TEST_F(CacheHierarchyTest, ALineCostsTheLatencyOfTheFirstLevelThatHoldsIt) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    EXPECT_EQ(caches.read_page_table(kCpu0, PhysAddr{0}), Cycles{203});
    EXPECT_EQ(caches.read_page_table(kCpu0, PhysAddr{8}), Cycles{4});
    read_others(kCpu0, 2);
    EXPECT_EQ(caches.read_page_table(kCpu0, PhysAddr{0}), Cycles{14});
    read_others(kCpu0, 4);
    EXPECT_EQ(caches.read_page_table(kCpu0, PhysAddr{0}), Cycles{68});
    read_others(kCpu0, 8);
    EXPECT_EQ(caches.read_page_table(kCpu0, PhysAddr{0}), Cycles{203});
}

TEST_F(CacheHierarchyTest, DataLinesEvictPageTableLines) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    (void)caches.read_page_table(kCpu0, PhysAddr{0});
    (void)caches.access_data(kCpu0, PhysAddr{64});
    EXPECT_EQ(caches.locate(kCpu0, PhysAddr{0}), MemoryLevel::l1d);
    (void)caches.access_data(kCpu0, PhysAddr{128});
    EXPECT_EQ(caches.locate(kCpu0, PhysAddr{0}), MemoryLevel::l2);
}

TEST_F(CacheHierarchyTest, WithPrivateCachesOnlyWhatL2MissesHitsTheLastLevel) {
    CacheHierarchy& caches = build(tiny_machine("l2"));
    EXPECT_FALSE(caches.reaches_shared(kCpu0, PhysAddr{0}));
    EXPECT_EQ(caches.access_data(kCpu0, PhysAddr{0}), Cycles{68});
    EXPECT_EQ(caches.access_data(kCpu0, PhysAddr{0}), Cycles{4});
}

TEST_F(CacheHierarchyTest, CoresOfAClusterShareTheLastLevelOnly) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    (void)caches.access_data(kCpu0, PhysAddr{0});
    EXPECT_EQ(caches.access_data(kCpu1, PhysAddr{0}), Cycles{68});
}

TEST_F(CacheHierarchyTest, ClustersShareNothing) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    (void)caches.access_data(kCpu0, PhysAddr{0});
    EXPECT_EQ(caches.access_data(CpuId{2U}, PhysAddr{0}), Cycles{203});  // the socket's other cluster
    EXPECT_EQ(caches.access_data(CpuId{4U}, PhysAddr{0}), Cycles{328});  // the other socket
}

TEST_F(CacheHierarchyTest, InterleavedFramesTakeTurnsBetweenTheSockets) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    EXPECT_EQ(caches.access_data(kCpu0, base_of(Pfn{2})), Cycles{203});
    EXPECT_EQ(caches.access_data(kCpu0, base_of(Pfn{3})), Cycles{328});
    EXPECT_EQ(caches.access_data(CpuId{4U}, base_of(Pfn{3})), Cycles{203});
}

TEST_F(CacheHierarchyTest, WithHomeSocket0AllFramesAreRemoteToTheOtherSocket) {
    MachineParams params = tiny_machine("l2+llc");
    params.mem.home = "socket0";
    CacheHierarchy& caches = build(params);
    EXPECT_EQ(caches.access_data(kCpu0, base_of(Pfn{3})), Cycles{203});
    EXPECT_EQ(caches.access_data(CpuId{4U}, base_of(Pfn{3})), Cycles{328});
}

TEST_F(CacheHierarchyTest, OnlyMissesOfBothPrivateCachesReachTheSharedOne) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    EXPECT_TRUE(caches.reaches_shared(kCpu0, PhysAddr{0}));
    (void)caches.access_data(kCpu0, PhysAddr{0});
    EXPECT_FALSE(caches.reaches_shared(kCpu0, PhysAddr{0}));
    read_others(kCpu0, 2);
    EXPECT_FALSE(caches.reaches_shared(kCpu0, PhysAddr{0}));  // in L2
    read_others(kCpu0, 4);
    EXPECT_TRUE(caches.reaches_shared(kCpu0, PhysAddr{0}));  // in the LLC
}

TEST_F(CacheHierarchyTest, ALineThatAnotherCoreSentIsInThePrivateCachesWithoutALookIntoTheSharedOne) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    caches.receive(kCpu0, PhysAddr{0});
    EXPECT_EQ(caches.locate(kCpu0, PhysAddr{0}), MemoryLevel::l1d);
    EXPECT_EQ(caches.locate(kCpu1, PhysAddr{0}), MemoryLevel::dram_local);
}

TEST_F(CacheHierarchyTest, CountsReadsByTheLevelThatHeldTheLine) {
    CacheHierarchy& caches = build(tiny_machine("l2+llc"));
    (void)caches.read_page_table(kCpu0, PhysAddr{0});
    (void)caches.read_page_table(kCpu0, PhysAddr{0});
    (void)caches.access_data(kCpu0, base_of(Pfn{1}));
    const CacheStats& stats = caches.stats(kCpu0);
    EXPECT_EQ(stats.page_table, (std::array<std::uint64_t, kMemoryLevels>{1, 0, 0, 1, 0}));
    EXPECT_EQ(stats.data, (std::array<std::uint64_t, kMemoryLevels>{0, 0, 0, 0, 1}));
    EXPECT_EQ(caches.stats(kCpu1).data, (std::array<std::uint64_t, kMemoryLevels>{}));
}

}  // namespace
}  // namespace splinter::hw
