// The contract of design section 3 on every row of the strategies' table, and on strategies that break it.
#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "platforms/run/child_process.h"
#include "tests/system/broken_strategies.h"
#include "tests/system/contract_audit.h"
#include "tests/system/probing_workload.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

using Json = nlohmann::json;

struct AuditFindings {
    std::vector<std::string> violations;
    std::uint64_t narrowed, handed_out, stale_4k, stale_2m, stale_1g, leaks, probes, refused;
};

std::string simulate(const alloc::StrategyInfo& strategy, const ProbingParams& params, const Sets& sets) {
    ContractAudit audit;
    ProbingWorkload workload{params};
    Session session{small_config(Sets{"platform.quantum=1", "platform.cores=6", "platform.cores_per_socket=3"} + sets),
                    workload,
                    {.strategy = &strategy, .audit = &audit}};
    audit.attach(session.node());
    session.run();
    std::vector<std::string> first = audit.violations();
    if (first.size() > 3) first.resize(3);
    return Json{first,
                audit.narrowed_pages(),
                audit.handed_out_pages(),
                audit.stale_entries(x86::PageSize::k4),
                audit.stale_entries(x86::PageSize::m2),
                audit.stale_entries(x86::PageSize::g1),
                workload.leaks(),
                workload.probes(),
                workload.refused()}
        .dump();
}

AuditFindings run_audited(const alloc::StrategyInfo& strategy, const ProbingParams& params = {}, const Sets& sets = {}) {
    const Json json = Json::parse(run_in_child([&] { return simulate(strategy, params, sets); }));
    return {json[0], json[1], json[2], json[3], json[4], json[5], json[6], json[7], json[8]};
}

std::string first_of(const AuditFindings& findings) { return findings.violations.empty() ? "" : findings.violations.front(); }

std::vector<std::string> protected_rows() {
    std::vector<std::string> names;
    for (const alloc::StrategyInfo& row : alloc::flush_strategies())
        if (row.protection == alloc::Protection::is_protected) names.emplace_back(row.name);
    return names;
}

std::string test_name(const ::testing::TestParamInfo<std::string>& test) {
    std::string name = test.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

class Contract : public ::testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] static const alloc::StrategyInfo& strategy() { return alloc::find_flush_strategy(GetParam()); }
};

TEST_P(Contract, NoCoreTranslatesABlockThatIsHandedOut) {
    const AuditFindings findings = run_audited(strategy());
    EXPECT_EQ(first_of(findings), "");
    EXPECT_EQ(findings.leaks, 0U);
    EXPECT_EQ(findings.handed_out, 3 * 2 * (24 + 512U));
    // The test could have failed: there was something to flush, and pages that refused to be read.
    EXPECT_GT(findings.stale_2m, 0U);
    EXPECT_GT(findings.refused, 0U);
}

// Memory above the first GiB is mapped with leaves of 1 GiB, of which all cores hold entries.
const ProbingParams kLargeLeaves{.large = Order{0U}, .stride = x86::kPdpte.pages(), .squeeze = ProbingParams::Squeeze::none};
const Sets kLargeMemory{"platform.memory=6GiB"};

TEST_P(Contract, HoldsForLeavesOfOneGiB) {
    const AuditFindings findings = run_audited(strategy(), kLargeLeaves, kLargeMemory);
    EXPECT_EQ(first_of(findings), "");
    EXPECT_EQ(findings.leaks, 0U);
}

INSTANTIATE_TEST_SUITE_P(Rows, Contract, ::testing::ValuesIn(protected_rows()), test_name);

// Otherwise the runs above would see each pageblock leave the direct map once only.
TEST(ContractLoad, MakesFreetypeMapPageblocksAndUnmapThemAgain) {
    const alloc::StrategyInfo& freetype = alloc::find_flush_strategy("freetype");
    EXPECT_GT(run_audited(freetype).narrowed, run_audited(freetype, {.squeeze = ProbingParams::Squeeze::none}).narrowed);
}

TEST(ContractTable, ListsNoneAsNotProtectedAndABoundForWhateverIsDeferred) {
    for (const alloc::StrategyInfo& row : alloc::flush_strategies()) {
        EXPECT_EQ(row.protection == alloc::Protection::not_protected, row.name == "none") << row.name;
        EXPECT_EQ(row.protection == alloc::Protection::deferred, row.exposure_bound != nullptr) << row.name;
    }
}

// --- deferred protection: the contract holds once the declared bound has passed ---

// From the deadline to the end of the flush: what a core does before its next moment in process context, and the flush.
constexpr std::uint64_t kService = 60'000;
const Sets kShortDeadline{"flush.deferred_deadline=30000cyc", "flush.deferred_pages=100000"};

struct ExposedRun {
    std::uint64_t longest, bound;
};

// The longest time for which any core could reach a page that had been handed out.
ExposedRun exposed(const alloc::StrategyInfo& strategy) {
    const Json json = Json::parse(run_in_child([&] {
        ProbingWorkload workload{
            {.pages = 40, .large = Order{0U}, .think = Cycles{3000}, .squeeze = ProbingParams::Squeeze::none}};
        Session session{
            small_config(Sets{"platform.quantum=1", "platform.cores=6", "platform.cores_per_socket=3"} + kShortDeadline),
            workload,
            {.strategy = &strategy}};
        session.run();
        std::uint64_t longest = 0;
        for (std::size_t phase = 0; phase < session.phase_count(); ++phase)
            longest = std::max(longest, session.exposure().total(phase).longest);
        return Json{longest, strategy.exposure_bound(session.node().config().kernel).raw()}.dump();
    }));
    return {json[0], json[1]};
}

std::vector<std::string> deferred_rows() {
    std::vector<std::string> names;
    for (const alloc::StrategyInfo& row : alloc::flush_strategies())
        if (row.protection == alloc::Protection::deferred) names.emplace_back(row.name);
    return names;
}

class DeferredContract : public Contract {};

TEST_P(DeferredContract, NoCoreTranslatesABlockOnceTheDeclaredBoundHasPassed) {
    const ExposedRun found = exposed(strategy());
    EXPECT_LE(found.longest, found.bound + kService);
    EXPECT_GT(found.longest, found.bound / 2);  // or nothing was exposed, and the test could not have failed
}

INSTANTIATE_TEST_SUITE_P(Rows, DeferredContract, ::testing::ValuesIn(deferred_rows()), test_name);

TEST(DeferredContractAudit, FindsAStrategyThatExceedsTheBoundThatItDeclares) {
    const ExposedRun found = exposed(kExceedsItsBound);
    EXPECT_GT(found.longest, found.bound + kService);
}

// --- strategies with a mistake ---

TEST(ContractAudit, AcceptsPerPageWithoutAMistake) {
    EXPECT_EQ(first_of(run_audited(alloc::find_flush_strategy("per-page"))), "");
}

TEST(ContractAudit, FindsAStrategyThatSkipsOneCore) {
    const AuditFindings findings = run_audited(kSkipsOneCore);
    EXPECT_NE(first_of(findings).find("the TLB of core5 still translates"), std::string::npos) << first_of(findings);
    EXPECT_GT(findings.leaks, 0U);
}

TEST(ContractAudit, FindsAStrategyThatSkipsAnEntryOf2MiB) {
    const AuditFindings findings = run_audited(kSkipsLargeEntry);
    EXPECT_NE(first_of(findings).find("+512 handed out"), std::string::npos) << first_of(findings);
    EXPECT_GT(findings.leaks, 0U);
}

TEST(ContractAudit, AcceptsThatStrategyIfNoBlockIsAsLarge) {
    EXPECT_EQ(first_of(run_audited(kSkipsLargeEntry, {.large = Order{3U}})), "");
}

TEST(ContractAudit, FindsAStrategyThatForgetsTheFlushOfASplit) {
    const AuditFindings findings = run_audited(kForgetsSplitFlush);
    EXPECT_NE(first_of(findings).find("in a larger leaf that was split without a flush"), std::string::npos)
        << first_of(findings);
}

TEST(ContractAudit, FindsTheForgottenFlushOfASplitOfOneGiB) {
    const AuditFindings findings = run_audited(kForgetsSplitFlush, kLargeLeaves, kLargeMemory);
    EXPECT_NE(first_of(findings).find("in a larger leaf that was split without a flush"), std::string::npos)
        << first_of(findings);
    EXPECT_GT(findings.stale_1g, 0U);
}

TEST(ContractAudit, FindsAStrategyThatLeavesThePageTablesAlone) {
    const AuditFindings findings = run_audited(kNeverUnmaps);
    EXPECT_NE(first_of(findings).find("the page tables have"), std::string::npos) << first_of(findings);
}

TEST(ContractAudit, FindsAStrategyThatHandsOutBeforeItFlushes) {
    const AuditFindings findings = run_audited(kFlushesLate);
    EXPECT_NE(first_of(findings).find("still translates"), std::string::npos) << first_of(findings);
}

// --- what Linux itself leaves open ---

// flush_tlb_one_kernel() of Linux 6.12 invalidates by INVLPG: the current PCID and global entries. A leaf of the direct map
// that was unmapped and mapped again is not global any more, so that an entry of another PCID survives. With page-table
// isolation the other PCIDs are flushed at the next switch; without it (the model) nothing is.
TEST_P(Contract, HoldsUnderEveryPcidUnlessItsRowSaysOtherwise) {
    // Batches are flushed page by page up to the ceiling.
    const AuditFindings findings =
        run_audited(strategy(), {.pcids = ProbingParams::Pcids::two}, {"flush.batch_pages=8", "kernel.pti=off"});
    const bool open = alloc::find_flush_strategy(GetParam()).other_pcids == alloc::OtherPcids::left_open;
    EXPECT_EQ(findings.violations.empty(), !open)
        << (open ? "its row in alloc/flush/registry.cpp says OtherPcids::left_open, but nothing is"
                 : "say OtherPcids::left_open in its row in alloc/flush/registry.cpp, or flush more: " + first_of(findings));
}

}  // namespace
}  // namespace splinter::platforms::testing
