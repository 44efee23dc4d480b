// What a flush of one kernel address leaves under other PCIDs: with the Global bit lost and no page-table isolation Linux
// leaves it usable; with isolation the address space is flushed when it is next loaded. On cores that switch address spaces as
// the kernel does and read the very pages that others take.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "tests/system/probing_workload.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

using Json = nlohmann::json;

struct PtiFindings {
    double survivors = 0;  // of all phases
    double most_cores = 0;
    std::uint64_t leaks = 0;
    std::string fact;
};

PtiFindings run_probed(const Sets& sets) {
    const Json json = Json::parse(run_in_child([&] {
        ProbingWorkload workload{{.pcids = ProbingParams::Pcids::two_by_kernel}};
        Session session{small_config(Sets{"platform.cores=6", "platform.cores_per_socket=3", "workload.background.processes=2",
                                          "flush.strategy=per-page"} +
                                     sets),
                        workload};
        session.run();
        const WorkloadResult result = measure("probing", workload, session);
        double survivors = 0;
        double most_cores = 0;
        for (const std::string& phase : workload.phases()) {
            survivors += metric(result, phase, "pcid_survivors");
            most_cores = std::max(most_cores, metric(result, phase, "pcid_survivor_cores"));
        }
        const auto fact = result.facts.find("stale under other PCIDs");
        return Json{survivors, most_cores, workload.leaks(), fact == result.facts.end() ? "" : fact->second}.dump();
    }));
    return {json[0], json[1], json[2], json[3]};
}

TEST(PageTableIsolation, OffLeavesEntriesUnderOtherPcidsAndTheResultSaysOnHowManyCores) {
    const PtiFindings findings = run_probed({"kernel.pti=off"});
    EXPECT_GT(findings.survivors, 0);
    EXPECT_GT(findings.most_cores, 0);
    EXPECT_LE(findings.most_cores, 4);  // that probe
    EXPECT_GT(findings.leaks, 0U);
    EXPECT_NE(findings.fact.find("finding: INVLPG left"), std::string::npos) << findings.fact;
}

TEST(PageTableIsolation, OnFlushesOtherAddressSpacesWhenTheyAreNextLoaded) {
    const PtiFindings findings = run_probed({"kernel.pti=on"});
    EXPECT_EQ(findings.survivors, 0);
    EXPECT_EQ(findings.most_cores, 0);
    EXPECT_EQ(findings.leaks, 0U);
    EXPECT_EQ(findings.fact, "");
}

TEST(PageTableIsolation, IsNotNeededWhereBroadcastsReachEveryPcid) {
    const PtiFindings findings = run_probed({"platform.model=zen3-2s", "flush.mechanism=invlpgb"});
    EXPECT_EQ(findings.survivors, 0);
    EXPECT_EQ(findings.leaks, 0U);
}

double user_interrupt_cycles(const Sets& sets) {
    double cycles = 0;
    const WorkloadResult result =
        small_run(Sets{"flush.strategy=per-page", "workload.background.kernel_percent=0"} + sets).workloads.front();
    for (const LedgerLine& line : result.ledger)
        if (line.side == LedgerSide::victim && line.path == "interrupt/entry-exit") cycles += static_cast<double>(line.cycles);
    std::uint64_t received = 0;
    for (unsigned i = 0; i < 8; ++i) {
        const std::string core = "core" + std::to_string(i);
        if (result.counters.contains(core + ".background.accesses")) received += result.counters.at(core + ".apic.received");
    }
    return cycles / static_cast<double>(received);
}

TEST(PageTableIsolation, AddsItsTwoWritesOfCr3ToAnInterruptOfUserMode) {
    const hw::CoreParams core = small_config({}).hw.core;
    const auto entry_exit = static_cast<double>((core.interrupt_entry_user + core.interrupt_exit_user).raw());
    EXPECT_EQ(user_interrupt_cycles({"kernel.pti=off"}), entry_exit);
    EXPECT_EQ(user_interrupt_cycles({"kernel.pti=on"}),
              entry_exit + static_cast<double>((core.pti_entry + core.pti_exit).raw()));
}

TEST(PageTableIsolation, IsOnWhereThePlatformNeedsIt) {
    EXPECT_EQ(small_config({"platform.model=skylake-sp-2s"}).kernel.pti, "on");
    for (const char* platform : {"sapphire-rapids-2s", "zen3-2s", "zen5-2s"})
        EXPECT_EQ(small_config({std::string{"platform.model="} + platform}).kernel.pti, "off") << platform;
}

}  // namespace
}  // namespace splinter::platforms::testing
