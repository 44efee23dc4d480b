// What cores that do not allocate can be doing when a flush comes: waiting in a C-state, which lets whoever flushes wait too,
// and reading, speculatively, the very pages that others take.
#include <gtest/gtest.h>

#include "platforms/run/run_result_json.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

const Sets kOneInitiator{"flush.strategy=per-page", "workload.secretmem.cores_percent=1", "workload.secretmem.pages=64"};

WorkloadResult run_one_initiator(const Sets& sets) { return small_run(kOneInitiator + sets).workloads.front(); }

std::uint64_t victims_cycles(const WorkloadResult& result, const std::string& path) {
    std::uint64_t cycles = 0;
    for (const LedgerLine& line : result.ledger)
        if (line.side == LedgerSide::victim && line.path == path) cycles += line.cycles;
    return cycles;
}

std::uint64_t all_of_victims(const WorkloadResult& result) {
    std::uint64_t cycles = 0;
    for (const LedgerLine& line : result.ledger)
        if (line.side == LedgerSide::victim) cycles += line.cycles;
    return cycles;
}

// --- idle ---

const Sets kHalfIdle{"workload.background.idle_percent=50", "workload.background.idle_length=20000cyc"};

TEST(IdleBackground, MakesAFlushWaitForTheExitFromTheCState) {
    const auto cycles = [](const char* idle) {
        return metric(run_one_initiator(kHalfIdle + Sets{std::string{"platform.idle="} + idle}), "population",
                      "cycles_per_page");
    };
    const hw::CoreParams core = small_config({}).hw.core;
    const double poll = cycles("poll");
    const double c1 = cycles("c1");
    EXPECT_GT(c1, poll + 0.5 * static_cast<double>(core.idle_exit_c1.raw()));
    EXPECT_GT(cycles("deep"), c1 + 0.5 * static_cast<double>((core.idle_exit_deep - core.idle_exit_c1).raw()));
}

TEST(IdleBackground, PaysItsExitsOnTheVictimsSideOfTheLedger) {
    const std::uint64_t exit = small_config({}).hw.core.idle_exit_c1.raw();
    const std::uint64_t exits = victims_cycles(run_one_initiator(kHalfIdle), "interrupt/idle-exit");
    EXPECT_GT(exits, 64 * exit);
    EXPECT_EQ(exits % exit, 0U);
    EXPECT_EQ(victims_cycles(run_one_initiator(kHalfIdle + Sets{"platform.idle=poll"}), "interrupt/idle-exit"), 0U);
    EXPECT_EQ(victims_cycles(run_one_initiator({}), "interrupt/idle-exit"), 0U) << "a core that always has work";
}

TEST(IdleBackground, IsIdleForItsShareOfTheTime) {
    for (const char* percent : {"20", "80"}) {
        const WorkloadResult result = run_one_initiator({std::string{"workload.background.idle_percent="} + percent,
                                                         "workload.background.idle_length=5000cyc", "platform.idle=poll",
                                                         "flush.strategy=none", "workload.secretmem.baseline=400000cyc"});
        const double share =
            100 * static_cast<double>(victims_cycles(result, "idle")) / static_cast<double>(all_of_victims(result));
        EXPECT_NEAR(share, std::stod(percent), 6);
    }
}

// --- speculative reads ---

const Sets kReaders{"platform.model=skylake-sp-2s",
                    "kernel.pti=off",
                    "workload.background.processes=2",
                    "workload.background.switch_every=20000cyc",
                    "workload.background.kernel_footprint=64KiB",
                    "workload.background.speculative_percent=50",
                    "workload.background.speculative_window=1MiB",
                    "workload.secretmem.rounds=4"};

double survivors(const WorkloadResult& result) {
    return metric(result, "population", "pcid_survivors") + metric(result, "steady", "pcid_survivors");
}

TEST(SpeculativeBackground, FindsWhatInvlpgLeavesUnderOtherPcids) {
    const WorkloadResult result = run_one_initiator(kReaders);
    EXPECT_GT(survivors(result), 0);
    EXPECT_NE(result.facts.at("stale under other PCIDs").find("finding: INVLPG left"), std::string::npos);
}

TEST(SpeculativeBackground, FindsNothingWithPageTableIsolationNorInOneAddressSpace) {
    for (const Sets& sets : {Sets{"kernel.pti=on"}, Sets{"workload.background.switch_every=0cyc"}}) {
        const WorkloadResult result = run_one_initiator(kReaders + sets);
        EXPECT_EQ(survivors(result), 0) << sets.front();
        EXPECT_FALSE(result.facts.contains("stale under other PCIDs")) << sets.front();
    }
}

TEST(Background, GivesTheSameResultsForEveryQuantum) {
    const Sets all = kReaders + kHalfIdle;
    const WorkloadResult reference = run_one_initiator(all + Sets{"platform.quantum=1"});
    for (const char* quantum : {"7", "333", "0"}) {
        RunResult expected;
        expected.workloads.push_back(reference);
        RunResult found;
        found.workloads.push_back(run_one_initiator(all + Sets{std::string{"platform.quantum="} + quantum}));
        EXPECT_EQ(to_json(found), to_json(expected)) << quantum;
    }
}

}  // namespace
}  // namespace splinter::platforms::testing
