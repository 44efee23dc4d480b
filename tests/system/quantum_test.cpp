// No result depends on how far cores run ahead of each other, nor on how the handlers of a call are simulated. The reference
// runs all of them in the order of their steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "alloc/flush/strategies.h"
#include "hw/base/user_error.h"
#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "tests/system/probing_workload.h"
#include "tests/system/short_memory_workload.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

// Eight cores on two sockets, so that flights differ; four of them allocate and meet at zone locks and cpa_lock.
struct Load {
    std::string name;
    Sets sets;
};

const std::vector<Load> kLoads{
    {"secretmem", {}},
    {"secretmem_without_think", {"workload.secretmem.think=0cyc", "workload.secretmem.cores_percent=100"}},
    // Small per-CPU lists and TLBs: the zone locks are contended and walks go on all the time.
    {"secretmem_small_lists",
     {"kernel.pcp_batch=2", "kernel.pcp_high=4", "flush.batch_pages=5", "workload.secretmem.think=100cyc",
      "hw.mmu.l1d.entries=8", "hw.mmu.l2.entries=48", "platform.cores=5", "workload.secretmem.cores_percent=80"}},
    // Timers, wake-ups of others and kernel threads on allocating and passive cores.
    {"secretmem_with_kernel_work",
     {"kernel.stat_interval=9000cyc", "flush.deferred_pages=20", "flush.deferred_deadline=15000cyc", "freetype.preflip_low=600",
      "freetype.preflip_high=1100", "freetype.return_above=1200", "flush.side_cache_keep=600", "workload.secretmem.pages=200"}},
    {"pressure",
     {"workload.run=pressure", "platform.memory=32MiB", "workload.pressure.pool_percent=10", "workload.pressure.steps=2500",
      "workload.pressure.owner_pages=100", "platform.cores=4", "freetype.preflip_low=300", "freetype.preflip_high=600",
      "freetype.return_above=700", "kernel.stat_interval=100000cyc"}},
    {"trace", trace_sets("secret512-k61", "gfp:GFP_HIGHUSER|__GFP_ACCOUNT")},
};

using QuantumCase = std::tuple<std::string, std::size_t>;  // strategy, index of the load

class Quantum : public ::testing::TestWithParam<QuantumCase> {
  protected:
    [[nodiscard]] static WorkloadResult run(std::uint64_t quantum, const std::string& handlers = "apart") {
        const auto& [strategy, load] = GetParam();
        return small_run(kLoads[load].sets + Sets{"flush.strategy=" + strategy, "platform.quantum=" + std::to_string(quantum),
                                                  "platform.handlers=" + handlers})
            .workloads.front();
    }
};

std::string bytes(const WorkloadResult& result) {
    RunResult alone;
    alone.workloads.push_back(result);
    return to_json(alone);
}

TEST_P(Quantum, ChangesNoFigureAndNoState) {
    const std::uint64_t lookahead = small_config({}).hw.lookahead().raw();
    const WorkloadResult reference = run(1, "ordered");
    for (const std::uint64_t quantum : {std::uint64_t{37}, lookahead / 3, lookahead}) {
        const WorkloadResult result = run(quantum);
        EXPECT_EQ(result.state_hash, reference.state_hash) << "quantum " << quantum;
        EXPECT_EQ(bytes(result), bytes(reference)) << "quantum " << quantum;
    }
}

std::vector<QuantumCase> quantum_cases() {
    std::vector<QuantumCase> all;
    for (const alloc::StrategyInfo& row : alloc::flush_strategies())
        for (std::size_t load = 0; load < kLoads.size(); ++load) all.emplace_back(row.name, load);
    return all;
}

INSTANTIATE_TEST_SUITE_P(All, Quantum, ::testing::ValuesIn(quantum_cases()), [](const auto& test) {
    std::string name = std::get<0>(test.param) + "_" + kLoads[std::get<1>(test.param)].name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(QuantumLoads, ContendLocks) {
    for (const Load& load : {kLoads[1], kLoads[2]})
        EXPECT_GT(
            small_run(load.sets + Sets{"flush.strategy=per-page"}).workloads.front().counters.at("contended_lock_acquisitions"),
            50U)
            << load.name;
}

// Memory is so short that the slow path serves, on two nodes, and drains other CPUs' lists while their owners use them.
class QuantumUnderPressure : public ::testing::TestWithParam<std::string> {};

WorkloadResult pressed(const std::string& strategy, std::uint64_t quantum) {
    return small_run({"flush.strategy=" + strategy, "platform.quantum=" + std::to_string(quantum), "platform.memory=32MiB",
                      "platform.numa_nodes=2", "kernel.pcp_trylock_fails=7", "kernel.pcp_batch=8", "kernel.pcp_high=40",
                      "kernel.pcp_high_max=40", "workload.secretmem.pages=1856", "workload.secretmem.think=100cyc"})
        .workloads.front();
}

TEST_P(QuantumUnderPressure, ChangesNoFigureAndNoState) {
    const std::uint64_t lookahead = small_config({}).hw.lookahead().raw();
    const WorkloadResult reference = pressed(GetParam(), 1);
    EXPECT_GT(reference.counters.at("slow_paths"), 50U);
    EXPECT_GT(reference.counters.at("pcp_trylock_failures"), 100U);
    for (const std::uint64_t quantum : {std::uint64_t{37}, lookahead})
        EXPECT_EQ(bytes(pressed(GetParam(), quantum)), bytes(reference)) << "quantum " << quantum;
}

INSTANTIATE_TEST_SUITE_P(Strategies, QuantumUnderPressure, ::testing::Values("none"),
                         [](const auto& test) { return test.param; });

// As hard as it gets, with compaction: pages that other cores own move, and pageblocks of all types change hands.
struct ShortOfMemory {
    std::uint64_t slow_paths = 0, fallbacks = 0, migrated = 0;
    std::string result;
};

ShortOfMemory short_of_memory(const Sets& sets, std::uint64_t quantum) {
    std::istringstream text{run_in_child([&] {
        ShortMemoryWorkload workload{{}};
        const Sets small{"platform.memory=32MiB", "platform.cores=6",   "platform.cores_per_socket=3",
                         "kernel.pcp_batch=8",    "kernel.pcp_high=40", "kernel.pcp_high_max=40"};
        Session session{small_config(small + sets + Sets{"platform.quantum=" + std::to_string(quantum)}), workload};
        session.run();
        const WorkloadResult result = measure("short-memory", workload, session);
        std::string counts;
        for (const char* counter : {"slow_paths", "fallbacks", "pgmigrate_success"})
            counts += std::to_string(result.counters.at(counter)) + " ";
        return counts + bytes(result);
    })};
    ShortOfMemory run;
    text >> run.slow_paths >> run.fallbacks >> run.migrated;
    run.result.assign(std::istreambuf_iterator<char>{text}, {});
    return run;
}

using ShortCase = std::tuple<std::string, std::uint64_t>;  // strategy, seed

class QuantumShortOfMemory : public ::testing::TestWithParam<ShortCase> {};

TEST_P(QuantumShortOfMemory, ChangesNoFigureAndNoState) {
    const auto& [strategy, seed] = GetParam();
    const Sets sets{"flush.strategy=" + strategy, "platform.seed=" + std::to_string(seed)};
    const std::uint64_t lookahead = small_config({}).hw.lookahead().raw();
    const ShortOfMemory reference = short_of_memory(sets, 29);
    EXPECT_GT(reference.slow_paths, 100U);
    EXPECT_GT(reference.fallbacks, 100U);
    EXPECT_GT(reference.migrated, 100U);
    for (const std::uint64_t quantum : {lookahead / 3, lookahead})
        EXPECT_EQ(short_of_memory(sets, quantum).result, reference.result) << "quantum " << quantum;
}

INSTANTIATE_TEST_SUITE_P(Strategies, QuantumShortOfMemory,
                         ::testing::Combine(::testing::Values("none", "batched-deferred", "side-cache", "freetype"),
                                            ::testing::Values(1U, 2U)),
                         [](const auto& test) {
                             std::string name = std::get<0>(test.param) + "_seed_" + std::to_string(std::get<1>(test.param));
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

// Cores that read the very frames whose entries others change: what a walk sees must not depend on who ran first in host order.
std::string probed(const std::string& strategy, std::uint64_t quantum) {
    return run_in_child([&] {
        ProbingWorkload workload{{.initiators = 3, .pages = 8, .large = Order{5U}, .probe_every = Cycles{70}}};
        Session session{small_config({"platform.cores=6", "platform.cores_per_socket=3", "flush.strategy=" + strategy,
                                      "platform.quantum=" + std::to_string(quantum)}),
                        workload};
        session.run();
        return bytes(measure("probing", workload, session)) + std::to_string(workload.refused()) + " of " +
               std::to_string(workload.probes()) + " refused, leaks: " + std::to_string(workload.leaks());
    });
}

class QuantumUnderProbes : public ::testing::TestWithParam<std::string> {};

TEST_P(QuantumUnderProbes, ChangesNothingThatWalkingCoresSee) {
    const std::uint64_t lookahead = small_config({}).hw.lookahead().raw();
    const std::string reference = probed(GetParam(), 1);
    for (const std::uint64_t quantum : {std::uint64_t{37}, lookahead / 3, lookahead})
        EXPECT_EQ(probed(GetParam(), quantum), reference) << "quantum " << quantum;
}

INSTANTIATE_TEST_SUITE_P(Strategies, QuantumUnderProbes,
                         ::testing::Values("per-page", "batched", "batched-deferred", "side-cache", "freetype"),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

TEST(QuantumLimit, TheLookaheadIsAcceptedAndOneCycleMoreIsRefused) {
    const std::uint64_t lookahead = small_config({}).hw.lookahead().raw();
    EXPECT_NO_THROW((void)small_run({"platform.quantum=" + std::to_string(lookahead)}));
    EXPECT_THROW((void)small_run({"platform.quantum=" + std::to_string(lookahead + 1)}), UserError);
}

}  // namespace
}  // namespace splinter::platforms::testing
