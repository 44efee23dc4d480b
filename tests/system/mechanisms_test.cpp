// The mechanisms of flush.mechanism under whole runs: the contract of their rows with every strategy, what they send and leave
// exposed, and that nothing depends on the quantum.
#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "alloc/smp/mechanisms.h"
#include "hw/base/user_error.h"
#include "platforms/run/check_point.h"
#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "tests/system/contract_audit.h"
#include "tests/system/probing_workload.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

using Json = nlohmann::json;
using alloc::Arrival;

// Zen 3, which has INVLPGB; small.
const Sets kZen{"platform.model=zen3-2s", "kernel.tick=20000cyc", "flush.unsafe=true"};

Sets with(const std::string& mechanism) { return kZen + Sets{"flush.mechanism=" + mechanism}; }

std::vector<std::string> all_rows() {
    std::vector<std::string> names;
    for (const alloc::MechanismInfo& row : alloc::flush_mechanisms()) names.emplace_back(row.name);
    return names;
}

std::string plain(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

// --- the contract ---

struct MechanismFindings {
    std::string first_violation;
    std::uint64_t leaks, handed_out, longest;
};

// Between the entry of a late mechanism's handler and its flush passes a time that is longer than the acknowledgement's way
// back.
Sets slow_handlers(const std::string& mechanism) {
    if (alloc::find_flush_mechanism(mechanism).arrival != Arrival::late) return {};
    return {"costs.csd_handle=5000cyc"};
}

// All cores run kernel code: some take protected pages, the others read exactly these.
MechanismFindings probe(const std::string& mechanism, const std::string& strategy) {
    const Json json = Json::parse(run_in_child([&] {
        ContractAudit audit;
        ProbingWorkload workload{{.pages = 16, .large = Order{0U}, .squeeze = ProbingParams::Squeeze::none}};
        const Sets small{"flush.strategy=" + strategy, "platform.quantum=1", "flush.batch_pages=16", "platform.cores=6",
                         "platform.cores_per_socket=3"};
        Session session{small_config(with(mechanism) + small + slow_handlers(mechanism)), workload, {.audit = &audit}};
        audit.attach(session.node());
        session.run();
        std::uint64_t longest = 0;
        for (std::size_t phase = 0; phase < session.phase_count(); ++phase)
            longest = std::max(longest, session.exposure().total(phase).longest);
        return Json{audit.violations().empty() ? "" : audit.violations().front(), workload.leaks(), audit.handed_out_pages(),
                    longest}
            .dump();
    }));
    return {json[0], json[1], json[2], json[3]};
}

using Pair = std::tuple<std::string, std::string>;  // mechanism, strategy
class MechanismContract : public ::testing::TestWithParam<Pair> {};

TEST_P(MechanismContract, IsKeptAsTheRowSays) {
    const auto& [mechanism, strategy] = GetParam();
    const MechanismFindings findings = probe(mechanism, strategy);
    EXPECT_GT(findings.handed_out, 0U);
    switch (alloc::find_flush_mechanism(mechanism).arrival) {
        case Arrival::before_use:  // idle cores keep entries
            EXPECT_EQ(findings.leaks, 0U);
            break;
        case Arrival::on_return:
            EXPECT_EQ(findings.first_violation, "");
            EXPECT_EQ(findings.leaks, 0U);
            EXPECT_EQ(findings.longest, 0U);
            break;
        case Arrival::within_lookahead:
            EXPECT_EQ(findings.longest, 0U);
            break;
        case Arrival::late:
            // Of other strategies a flush is over before the hand-out, or before the initiator has fetched the
            // acknowledgements.
            if (strategy == "per-page") {
                EXPECT_GT(findings.longest, 0U);
            }
            break;
    }
}

std::vector<Pair> pairs() {
    std::vector<Pair> all;
    for (const std::string& mechanism : all_rows())
        for (const alloc::StrategyInfo& row : alloc::flush_strategies())
            if (row.protection == alloc::Protection::is_protected) all.emplace_back(mechanism, row.name);
    return all;
}

INSTANTIATE_TEST_SUITE_P(Rows, MechanismContract, ::testing::ValuesIn(pairs()),
                         [](const auto& test) { return plain(std::get<0>(test.param) + "_" + std::get<1>(test.param)); });

TEST(MechanismTable, SaysOfEachRowThatIsNotDoneOnReturnWhatStaysExposed) {
    for (const alloc::MechanismInfo& row : alloc::flush_mechanisms())
        EXPECT_EQ(row.arrival == Arrival::on_return, row.exposed.empty()) << row.name;
}

// --- whole runs with victims ---

WorkloadResult mechanism_run(const Sets& sets) { return small_run(sets).workloads.front(); }

WorkloadResult per_page(const std::string& mechanism, const Sets& more = {}) {
    return mechanism_run(with(mechanism) + Sets{"flush.strategy=per-page", "workload.secretmem.pages=64"} + more);
}

std::string result_bytes(const WorkloadResult& result) {
    RunResult alone;
    alone.workloads.push_back(result);
    return to_json(alone);
}

class MechanismQuantum : public ::testing::TestWithParam<std::string> {};

TEST_P(MechanismQuantum, ChangesNoFigureAndNoState) {
    const Sets irq_off{"workload.background.irq_off_percent=2", "workload.background.irq_off_cycles=1500cyc",
                       "workload.background.irq_off_length=exponential"};
    const std::uint64_t lookahead = small_config(with(GetParam())).hw.lookahead().raw();
    const WorkloadResult reference = per_page(GetParam(), irq_off + Sets{"platform.quantum=1", "platform.handlers=ordered"});
    for (const std::uint64_t quantum : {std::uint64_t{7}, std::uint64_t{333}, lookahead}) {
        const WorkloadResult result = per_page(GetParam(), irq_off + Sets{"platform.quantum=" + std::to_string(quantum)});
        EXPECT_EQ(result.state_hash, reference.state_hash) << "quantum " << quantum;
        EXPECT_EQ(result_bytes(result), result_bytes(reference)) << "quantum " << quantum;
    }
}

INSTANTIATE_TEST_SUITE_P(Rows, MechanismQuantum, ::testing::ValuesIn(all_rows()),
                         [](const auto& test) { return plain(test.param); });

double steady(const WorkloadResult& result, const std::string& name) { return metric(result, "steady", name); }

TEST(Mechanisms, OfBroadcastAndIdealSendNoInterrupts) {
    for (const char* mechanism : {"invlpgb", "ideal"}) {
        const WorkloadResult result = per_page(mechanism);
        EXPECT_EQ(steady(result, "ipis_per_1000_pages"), 0) << mechanism;
        EXPECT_EQ(steady(result, "exposure_cycles_per_page"), 0) << mechanism;
        EXPECT_EQ(steady(result, "stolen_cycles_per_page"), 0) << mechanism;
    }
}

TEST(Mechanisms, BroadcastPostsOneInvlpgbPerPageAndWaitsOncePerFlush) {
    const WorkloadResult result = per_page("invlpgb");
    EXPECT_EQ(result.counters.at("invlpgb"), result.counters.at("tlbsync"));
    EXPECT_GE(result.counters.at("tlbsync"), 4 * 2 * 64U);  // four cores, two phases
    const WorkloadResult batches =
        mechanism_run(with("invlpgb") + Sets{"flush.strategy=batched", "flush.batch_pages=16", "workload.secretmem.pages=64"});
    EXPECT_GT(batches.counters.at("invlpgb"), batches.counters.at("tlbsync"));
}

TEST(Mechanisms, IdealIsTheLowerBoundOfTheInitiatorsAndTheVictimsCosts) {
    const Sets one_initiator{"workload.secretmem.cores_percent=1"};  // or they wait for locks, by chance of when they meet
    const WorkloadResult ideal = per_page("ideal", one_initiator);
    for (const std::string& other : all_rows()) {
        if (other == "ideal") continue;
        const WorkloadResult result = per_page(other, one_initiator);
        EXPECT_LT(steady(ideal, "cycles_per_page"), steady(result, "cycles_per_page")) << other;
        EXPECT_LE(steady(ideal, "stolen_cycles_per_page"), steady(result, "stolen_cycles_per_page")) << other;
    }
}

TEST(Mechanisms, DeferredInterruptsFewerCoresTheMoreTheyAreInUserMode) {
    const auto ipis = [](const std::string& mechanism, const char* kernel_percent) {
        return steady(per_page(mechanism, {std::string{"workload.background.kernel_percent="} + kernel_percent,
                                           "workload.secretmem.cores_percent=1"}),
                      "ipis_per_1000_pages");
    };
    EXPECT_EQ(ipis("deferred", "0"), 0);
    EXPECT_GT(ipis("deferred", "50"), ipis("deferred", "5"));
    EXPECT_LT(ipis("deferred", "50"), ipis("ipi", "50"));
}

// Victims that used what they may not would end the run; their translations stay until they enter the kernel.
TEST(Mechanisms, DeferredLeavesEntriesWhereTheyCannotBeUsed) {
    const WorkloadResult result =
        per_page("deferred", {"workload.secretmem.cores_percent=1", "workload.background.kernel_percent=1",
                              "workload.background.think=100cyc", "workload.secretmem.warm_up=400000cyc"});
    EXPECT_GT(result.counters.at("flushes_left_pending"), 0U);
    EXPECT_GT(metric(result, "population", "exposure_cycles_per_page"), 0);
}

TEST(Mechanisms, LatrSendsNothingUntilAllItsStatesAreInUse) {
    const Sets no_tick{"kernel.tick=1000000000cyc", "workload.secretmem.cores_percent=1", "workload.secretmem.rounds=1"};
    const WorkloadResult few = per_page("latr", no_tick + Sets{"workload.secretmem.pages=20"});
    EXPECT_EQ(few.counters.at("latr_fallbacks"), 0U);
    EXPECT_EQ(metric(few, "population", "ipis_per_1000_pages") + steady(few, "ipis_per_1000_pages"), 0);
    const WorkloadResult many = per_page("latr", no_tick + Sets{"workload.secretmem.pages=100"});
    EXPECT_EQ(many.counters.at("latr_states"), 64U);
    EXPECT_GT(many.counters.at("latr_fallbacks"), 100U);
}

TEST(Mechanisms, LatrExposesAPageForAboutATickAtMost) {
    constexpr double kTick = 20'000;
    const WorkloadResult result = per_page("latr", {"workload.secretmem.cores_percent=1"});
    // The victims' kernel data shares a large leaf with the first pages.
    const double longest = metric(result, "population", "longest_exposure_cycles");
    EXPECT_GT(longest, kTick / 4);
    EXPECT_LT(longest, 2 * kTick);
    EXPECT_EQ(result.facts.at("mechanism").find("latr (hypothetical on the direct map)"), 0U);
}

// A long flush on the targets: 32 pages one by one.
TEST(Mechanisms, EarlyAcknowledgementSavesTheInitiatorTheTargetsFlush) {
    const auto cycles = [](const std::string& mechanism) {
        return steady(
            mechanism_run(with(mechanism) + Sets{"flush.strategy=batched", "flush.batch_pages=32",
                                                 "workload.secretmem.pages=64", "workload.secretmem.cores_percent=1"}),
            "cycles_per_page");
    };
    EXPECT_LT(cycles("ipi-early-ack"), cycles("ipi") - 20);
}

// What strategies do before they hand a page out hides it; from the return of the flush it shows.
TEST(Mechanisms, ThatAreLateShowItFromTheReturnOfTheFlushAndOthersShowNothing) {
    const Sets batches{"flush.strategy=batched",
                       "flush.batch_pages=32",
                       "workload.secretmem.pages=64",
                       "workload.secretmem.cores_percent=1",
                       "workload.background.speculative_percent=50",  // so that victims hold the very pages
                       "workload.background.speculative_window=1MiB"};
    for (const std::string& mechanism : all_rows()) {
        const WorkloadResult result = mechanism_run(with(mechanism) + batches);
        const auto exposed = [&] { return metric(result, "population", "longest_exposure_after_flush_cycles"); };
        const bool says_so = result.facts.contains("exposure after flushes");
        switch (alloc::find_flush_mechanism(mechanism).arrival) {
            case Arrival::late:
                EXPECT_GT(exposed(), 100) << mechanism;
                EXPECT_TRUE(says_so) << mechanism;
                EXPECT_TRUE(result.facts.at("protection").starts_with("late:")) << mechanism;
                break;
            case Arrival::on_return:
            case Arrival::within_lookahead:
            case Arrival::before_use:
                EXPECT_FALSE(says_so) << mechanism;
                EXPECT_EQ(result.facts.at("protection"), "protected") << mechanism;
        }
    }
}

TEST(Mechanisms, CountTheFlushesThatWereAskedForAlike) {
    const Sets one_initiator{"workload.secretmem.cores_percent=1"};
    const std::uint64_t by_interrupts = per_page("ipi", one_initiator).counters.at("flushes");
    EXPECT_GE(by_interrupts, 2 * 64U);
    for (const std::string& mechanism : all_rows())
        EXPECT_EQ(per_page(mechanism, one_initiator).counters.at("flushes"), by_interrupts) << mechanism;
    EXPECT_GT(metric(per_page("invlpgb"), "population", "flushes_per_second"), 0);
}

// --- what does not go together ---

std::string refusal(const Sets& sets) {
    try {
        check_point(small_point(sets));
    } catch (const UserError& error) {
        return error.what();
    }
    return "";
}

TEST(MechanismCombinations, ThatCannotBeAreRefusedWithTheKey) {
    EXPECT_NE(refusal({"flush.mechanism=invlpgb"}).find("platform.invlpgb is absent"), std::string::npos);
    EXPECT_NE(refusal({"flush.mechanism=ipi-early-ack"}).find("--unsafe"), std::string::npos);
    EXPECT_EQ(refusal({"flush.mechanism=ipi-early-ack", "flush.unsafe=true"}), "");
    EXPECT_NE(
        refusal({"flush.mechanism=latr", "platform.pks=hypothetical", "kernel.page_tables.policy=pba"}).find("policy pba"),
        std::string::npos);
    EXPECT_NE(refusal({"flush.mechanism=latr", "workload.run=vmalloc"}).find("vmalloc"), std::string::npos);
    EXPECT_EQ(refusal({"flush.mechanism=latr"}), "");
}

// --- the protocol's details ---

TEST(Protocol, AnIdleTargetLeavesItsCStateFirst) {
    // All cores allocate and wait for each other at the ends of phases: idle ones are interrupted by those that still work.
    const Sets all{"flush.strategy=per-page", "workload.secretmem.cores_percent=100", "workload.secretmem.pages=64"};
    const auto idle_exits = [&](const std::string& idle) {
        std::uint64_t cycles = 0;
        for (const LedgerLine& line : mechanism_run(all + Sets{"platform.idle=" + idle}).ledger)
            if (line.path == "interrupt/idle-exit") cycles += line.cycles;
        return cycles;
    };
    EXPECT_EQ(idle_exits("poll"), 0U);
    const std::uint64_t c1 = idle_exits("c1");
    EXPECT_GT(c1, 0U);
    EXPECT_EQ(c1 % small_config({}).hw.core.idle_exit_c1.raw(), 0U);
}

TEST(Protocol, SectionsWithInterruptsOffDelayTheAcknowledgement) {
    const auto cycles = [](const Sets& sets) {
        return steady(mechanism_run(Sets{"flush.strategy=per-page", "workload.secretmem.cores_percent=1"} + sets),
                      "cycles_per_page");
    };
    const double none = cycles({});
    EXPECT_EQ(cycles({"workload.background.irq_off_cycles=9000cyc"}), none);  // no step has one
    const Sets some{"workload.background.irq_off_percent=20"};
    const double fixed = cycles(some + Sets{"workload.background.irq_off_cycles=9000cyc"});
    EXPECT_GT(fixed, none + 1000);
    const double exponential =
        cycles(some + Sets{"workload.background.irq_off_cycles=9000cyc", "workload.background.irq_off_length=exponential"});
    EXPECT_NE(exponential, fixed);
    EXPECT_GT(exponential, none + 1000);
}

TEST(Protocol, TwoThatWaitWithInterruptsOffAreADeadlockWithBothPaths) {
    try {
        (void)small_run({"flush.interrupts=off", "flush.strategy=per-page"});
        FAIL() << "no deadlock";
    } catch (const SimulatedFinding& finding) {
        const std::string text = finding.what();
        EXPECT_TRUE(text.starts_with("deadlock")) << text;
        std::size_t stacks = 0;
        const std::string stack = "flush/ack-wait, interrupts off";
        for (std::size_t at = text.find(stack); at != std::string::npos; at = text.find(stack, at + 1)) ++stacks;
        EXPECT_GE(stacks, 2U) << text;
    }
}

TEST(Protocol, OneThatWaitsWithInterruptsOffIsNoDeadlock) {
    const WorkloadResult result =
        mechanism_run({"flush.interrupts=off", "flush.strategy=per-page", "workload.secretmem.cores_percent=1"});
    EXPECT_GT(steady(result, "pages"), 0);
}

}  // namespace
}  // namespace splinter::platforms::testing
