// What a page walk costs, to the cycle, on a machine whose caches are so small that a few data accesses move a page-table line
// from one level to the next.
#include <gtest/gtest.h>

#include <numeric>

#include "hw/base/user_error.h"
#include "tests/hw/test_machine.h"

namespace splinter::hw {
namespace {

constexpr VirtAddr kWalkedPage{0x0000100000000000U};
constexpr VirtAddr kOtherPage = kWalkedPage + 8 * kPageBytes;  // its entry is in the next line of the same table
constexpr Pfn kLocalTable{20};                                 // frames take turns between the sockets
constexpr Pfn kRemoteTable{21};

MachineParams small_machine(const char* caches, const char* bus) {
    MachineParams params;
    params.cores = 2;
    params.page_table_caches = caches;
    params.bus = bus;
    params.mmu.l1d = {1, 1};  // a walk per page
    params.mmu.l2 = {1, 1};
    params.mmu.l2_hit = Cycles{9};
    params.mmu.walk_step = Cycles{2};
    params.mem.l1d = {128, 2};  // one set each
    params.mem.l2 = {512, 8};
    params.mem.llc = {2048, 32};
    return params;
}

// Maps both pages by the page table in frame `table`.
void map_pages(TestMachine& test, Pfn table) {
    test.memory().store(test.entry(kWalkedPage, x86::kPde), x86::Pte::table(table, kTableFlags));
    test.map(kWalkedPage, Pfn{1024}, kUsedLeaf);
    test.map(kOtherPage, Pfn{1025}, kUsedLeaf);
}

struct Latency {
    std::uint64_t access;  // cycles beyond an L1 TLB hit
    std::uint64_t walk;    // of those
    friend bool operator==(const Latency&, const Latency&) = default;
    friend void PrintTo(const Latency& latency, std::ostream* out) {
        *out << "access " << latency.access << ", walk " << latency.walk;
    }
};

// Of an access to kWalkedPage after `evicting` other lines have been read since the last walk for it. The page-directory entry
// is in the paging-structure cache.
Latency walk(const MachineParams& params, Pfn table, std::uint64_t evicting) {
    TestMachine test{params};
    map_pages(test, table);
    Latency result{};
    test.program(0).body = [&](Core& core) {
        (void)probe(core, kOtherPage, kRead);  // fills the paging-structure caches
        (void)probe(core, kWalkedPage, kRead);
        (void)probe(core, kOtherPage, kRead);
        // The other page's entry was in L1 and moved nothing in the levels below.
        CacheHierarchy& caches = test.machine().memory().caches();
        for (std::uint64_t i = 0; i < evicting; ++i) (void)caches.access_data(core.id(), PhysAddr{(1 << 24) + i * 64});
        const MmuStats& stats = core.mmu().unit().stats();
        const std::uint64_t before = stats.walk_cycles;
        result.access = probe(core, kWalkedPage, kRead).latency.raw();
        result.walk = stats.walk_cycles - before;
    };
    test.run();
    return result;
}

struct Case {
    const char* name;
    const char* bus;
    std::uint64_t evicting;  // other lines read since the walker read the entry's
    Pfn table;
    Cycles MemoryParams::*level;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class WalkLatency : public ::testing::TestWithParam<Case> {};

TEST_P(WalkLatency, IsTheStepAndTheLevelThatHoldsTheEntry) {
    const MachineParams params = small_machine("l2+llc", GetParam().bus);
    const std::uint64_t level = (params.mem.*GetParam().level).raw();
    EXPECT_EQ(walk(params, GetParam().table, GetParam().evicting), (Latency{9 + 2 + level, 2 + level}));
}

constexpr Case kCases[] = {
    {"l1d", "dmi", 0, kLocalTable, &MemoryParams::l1d_hit},
    {"first_in_l2", "dmi", 1, kLocalTable, &MemoryParams::l2_hit},
    {"last_in_l2", "dmi", 7, kLocalTable, &MemoryParams::l2_hit},
    {"first_in_llc", "dmi", 8, kLocalTable, &MemoryParams::llc_hit},
    {"last_in_llc", "dmi", 31, kLocalTable, &MemoryParams::llc_hit},
    {"dram_local", "dmi", 32, kLocalTable, &MemoryParams::dram_local},
    {"dram_remote", "dmi", 32, kRemoteTable, &MemoryParams::dram_remote},
    {"l1d_by_transport", "tlm", 0, kLocalTable, &MemoryParams::l1d_hit},
    {"l2_by_transport", "tlm", 7, kLocalTable, &MemoryParams::l2_hit},
    {"llc_by_transport", "tlm", 31, kLocalTable, &MemoryParams::llc_hit},
    {"dram_local_by_transport", "tlm", 32, kLocalTable, &MemoryParams::dram_local},
    {"dram_remote_by_transport", "tlm", 32, kRemoteTable, &MemoryParams::dram_remote},
};
INSTANTIATE_TEST_SUITE_P(Levels, WalkLatency, ::testing::ValuesIn(kCases), [](const auto& test) { return test.param.name; });

TEST(WalkLatencyFixed, IsTheStepAndTheFixedReadWhereverTheEntryLies) {
    const MachineParams params = small_machine("fixed", "dmi");
    for (std::uint64_t evicting : {0, 32}) EXPECT_EQ(walk(params, kRemoteTable, evicting), (Latency{9 + 2 + 14, 2 + 14}));
}

TEST(WalkLatencyL2, TakesTheLastLevelForWhateverTheL2Misses) {
    const MachineParams params = small_machine("l2", "dmi");
    EXPECT_EQ(walk(params, kRemoteTable, 7), (Latency{9 + 2 + 14, 2 + 14}));
    EXPECT_EQ(walk(params, kRemoteTable, 1000), (Latency{9 + 2 + 68, 2 + 68}));
}

TEST(WalkLatencyByTransport, UsesTheCachesOfTheCoreThatReads) {
    TestMachine test{small_machine("l2", "tlm")};
    map_pages(test, kLocalTable);
    test.program(1).body = [](Core& core) { (void)probe(core, kWalkedPage, kRead); };
    test.run();
    const auto reads = [&](std::uint32_t cpu) {
        const CacheStats& stats = test.machine().memory().caches().stats(CpuId{cpu});
        return std::accumulate(stats.page_table.begin(), stats.page_table.end(), std::uint64_t{0});
    };
    EXPECT_EQ(reads(0), 0U);
    EXPECT_EQ(reads(1), 4U);
}

class Deadlock : public ::testing::TestWithParam<const char*> {};

// Core 0 waits for what nobody sends; core 1 reads memory for ever.
TEST_P(Deadlock, IsFoundThoughALoopRunsForEver) {
    TestMachine test{small_machine(GetParam(), "dmi")};
    test.program(0).body = [](Core& core) { core.timeline().wait_for_wake(); };
    test.program(1).body = [&](Core& core) {
        core.timeline().set_conduct(test.machine().conduct_of_loops());
        for (std::uint64_t i = 0;; ++i) core.timeline().advance(core.line_latency(PhysAddr{i * 64 % (1 << 24)}));
    };
    EXPECT_THROW(test.run(), SimulatedFinding);
}
INSTANTIATE_TEST_SUITE_P(Caches, Deadlock, ::testing::Values("fixed", "l2", "l2+llc"));

}  // namespace
}  // namespace splinter::hw
