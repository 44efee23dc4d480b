// Every cycle of a pointer chase on the shipped platforms, from counts and configured latencies alone: a walk costs the step
// and the level that holds the entry, for each entry that it reads; an L1 TLB miss costs the look-up in the L2 TLB; a line
// costs the level that holds it. Nothing else takes time.
#include <gtest/gtest.h>

#include <numeric>

#include "hw/mem/cache_hierarchy.h"
#include "platforms/run/run_point.h"

namespace splinter::platforms {
namespace {

struct Chase {
    hw::MachineParams params;
    WorkloadResult result;

    [[nodiscard]] std::uint64_t count(const std::string& counter) const { return result.counters.at("core0." + counter); }
    // The lines that `who` read, each at the latency of the level that held it.
    [[nodiscard]] std::uint64_t line_cycles(const std::string& who) const {
        const hw::MemoryParams& mem = params.mem;
        const Cycles latencies[hw::kMemoryLevels] = {mem.l1d_hit, mem.l2_hit, mem.llc_hit, mem.dram_local, mem.dram_remote};
        std::uint64_t cycles = 0;
        for (std::size_t level = 0; level < hw::kMemoryLevels; ++level)
            cycles += count("caches." + who + "." + std::string{hw::kMemoryLevelNames[level]}) * latencies[level].raw();
        return cycles;
    }
    [[nodiscard]] std::uint64_t ledger(const std::string& path) const {
        return std::accumulate(
            result.ledger.begin(), result.ledger.end(), std::uint64_t{0},
            [&](std::uint64_t sum, const LedgerLine& line) { return line.path == path ? sum + line.cycles : sum; });
    }
};

Chase chase(const std::string& platform) {
    const ResolvedPoint point = Experiment::load(SPLINTER_SOURCE_DIR "/configs/experiments/walk-latency.toml",
                                                 {"platform.model=" + platform, "workload.pointer_chase.footprint=64MiB",
                                                  "workload.pointer_chase.warm_up=0", "workload.pointer_chase.accesses=100000"})
                                    .resolve_single();
    return {point.config.hw, run_point(point).workloads.front()};
}

class PointerChase : public ::testing::TestWithParam<const char*> {};

TEST_P(PointerChase, WalksForTheStepsAndTheLevelsThatHoldTheEntriesToTheCycle) {
    const Chase run = chase(GetParam());
    EXPECT_GT(run.count("mmu.l2_misses"), 0U);
    EXPECT_EQ(run.count("mmu.walk_cycles"),
              run.count("mmu.walk_reads") * run.params.mmu.walk_step.raw() + run.line_cycles("page_table"));
}

TEST_P(PointerChase, TakesItsWalksItsLookUpsOfTheL2TlbAndItsLinesToTheCycle) {
    const Chase run = chase(GetParam());
    EXPECT_EQ(run.ledger("chase/tlb-miss"),
              run.count("mmu.walk_cycles") + run.count("mmu.l1_misses") * run.params.mmu.l2_hit.raw());
    EXPECT_EQ(run.ledger("chase"), run.line_cycles("data"));
}

INSTANTIATE_TEST_SUITE_P(Platforms, PointerChase,
                         ::testing::Values("skylake-sp-2s", "sapphire-rapids-2s", "zen3-2s", "zen5-2s", "skylake-x",
                                           "golden-cove"),
                         [](const auto& test) {
                             std::string name{test.param};
                             for (char& letter : name)
                                 if (letter == '-') letter = '_';
                             return name;
                         });

}  // namespace
}  // namespace splinter::platforms
