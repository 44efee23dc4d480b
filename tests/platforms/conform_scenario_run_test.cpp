#include "platforms/conform/scenario_run.h"

#include <array>
#include <filesystem>

#include "platforms/config/experiment.h"
#include "platforms/conform/record_formats.h"
#include "platforms/conform/scenario_text.h"
#include "platforms/workload/compressed_file.h"
#include "tests/platforms/expect_part.h"
#include "tests/platforms/kernel_trace_files.h"
#include "tests/platforms/scenario_lines.h"

namespace splinter::platforms {
namespace {

using namespace testing;

const std::string kScenarios = std::string{SPLINTER_SOURCE_DIR} + "/tests/data/walker/scenarios.jsonl.xz";

ConformReport report_of(const std::string& text) {
    ConformReport report{Detail::summary};
    run_scenarios("s.jsonl", text, hw::MachineParams{}, report);
    return report;
}
ConformReport report_of(std::initializer_list<std::string> list) { return report_of(scenario_line(ops(list))); }

TEST(ConformScenarioRun, AgreesIfEveryOutcomeIsAllowed) {
    EXPECT_TRUE(report_of(sample_scenario()).agrees());
    EXPECT_FALSE(report_of({kPokes, kMapped, kMapped, kUnmapped}).agrees());
    EXPECT_FALSE(report_of({kPokes, kUnmap, kMapped}).agrees());
}

TEST(ConformScenarioRun, AnInvalidationThatIsLeftOutIsADisagreement) {
    EXPECT_TRUE(report_of({kPokes, kMapped, kUnmap, kInvlpg, kUnmapped}).agrees());
    EXPECT_FALSE(report_of({kPokes, kMapped, kUnmap, kUnmapped}).agrees());
}

TEST(ConformScenarioRun, EveryInvalidationReachesTheModel) {
    for (const char* op :
         {R"({"op":"cr3","val":"0x1000"})", R"({"op":"pgetoggle"})", R"({"op":"invpcid","type":0,"pcid":0,"va":"0x1000"})",
          R"({"op":"invpcid","type":1,"pcid":0,"va":"0x0"})", R"({"op":"invpcid","type":2,"pcid":0,"va":"0x0"})",
          R"({"op":"invpcid","type":3,"pcid":0,"va":"0x0"})"})
        EXPECT_TRUE(report_of({kPokes, kMapped, kUnmap, op, kUnmapped}).agrees()) << op;
}

TEST(ConformScenarioRun, AnInvalidationOfAnotherAddressOrPcidDoesNotHelp) {
    EXPECT_FALSE(report_of({kPokes, kMapped, kUnmap, R"({"op":"invlpg","va":"0x2000"})", kUnmapped}).agrees());
    const std::string other =
        scenario_line(ops({kPokes, kMapped, kUnmap, R"({"op":"invpcid","type":1,"pcid":9,"va":"0x0"})", kUnmapped}));
    EXPECT_FALSE(report_of(replaced(other, R"("pcide":0)", R"("pcide":1)")).agrees());
}

TEST(ConformScenarioRun, ANoFlushWriteOfCr3KeepsWhatThePcidHasCached) {
    const auto with_cr3 = [](const char* value) {
        const std::string line =
            scenario_line(ops({kPokes, kMapped, kUnmap, std::string{R"({"op":"cr3","val":")"} + value + "\"}", kUnmapped}));
        return replaced(line, R"("pcide":0)", R"("pcide":1)");
    };
    EXPECT_TRUE(report_of(with_cr3("0x1000")).agrees());
    EXPECT_FALSE(report_of(with_cr3("0x8000000000001000")).agrees());
    EXPECT_TRUE(report_of(with_cr3("0x8000000000001005")).agrees());  // of another PCID, which has cached nothing
}

TEST(ConformScenarioRun, CountsHowOftenAStaleOutcomeWasShownWhereOneIsAllowed) {
    const StaleCount shown = report_of(sample_scenario()).stale();
    EXPECT_EQ(shown.allowed, 1U);
    EXPECT_EQ(shown.shown, 1U);
    const StaleCount fresh = report_of({kPokes, kMapped, kUnmap, kInvlpg, kMayBeStale}).stale();
    EXPECT_EQ(fresh.allowed, 1U);
    EXPECT_EQ(fresh.shown, 0U);
}

TEST(ConformScenarioRun, AMachineThatCachesNothingShowsNothingStale) {
    hw::MachineParams machine;
    for (hw::TlbParams* tlb : {&machine.mmu.l1d, &machine.mmu.l1d_large, &machine.mmu.l1d_huge, &machine.mmu.l1i,
                               &machine.mmu.l1i_large, &machine.mmu.l2, &machine.mmu.l2_second})
        tlb->entries = 0;
    machine.mmu.pml5_cache = machine.mmu.pml4_cache = machine.mmu.pdpt_cache = machine.mmu.pd_cache = 0;
    ConformReport report{Detail::summary};
    run_record_file(kScenarios, machine, report);
    EXPECT_TRUE(report.agrees());
    EXPECT_EQ(report.stale().allowed, 502U);
    EXPECT_EQ(report.stale().shown, 0U);
}

TEST(ConformScenarioRun, RegistersAreWrittenAtTheirStep) {
    const std::string ok = R"("fresh":{"kind":"ok","pa":"0x5000"},"allow":[{"kind":"ok","pa":"0x5000"}],"must":true})";
    const auto fault = [](const char* error) {
        const std::string outcome = std::string{R"({"kind":"pf","err":")"} + error + "\"}";
        return "\"fresh\":" + outcome + ",\"allow\":[" + outcome + "],\"must\":true}";
    };
    const std::string read = R"({"op":"acc","acc":"ur","ac":0,"va":"0x1000",)";
    const std::string write = R"({"op":"acc","acc":"sw","ac":0,"va":"0x1000",)";
    const auto run = [](const std::string& from, const std::string& to, std::initializer_list<std::string> list) {
        return report_of(replaced(scenario_line(kPokes + "," + ops(list)), from, to)).agrees();
    };
    EXPECT_TRUE(run(R"("pke":0)", R"("pke":1)", {read + ok, R"({"op":"wrpkru","val":"0x1"})", read + fault("0x25")}));
    const std::string supervisor = R"({"op":"poke","pa":"0x4008","val":"0x5063"})";
    EXPECT_TRUE(
        run(R"("pks":0)", R"("pks":1)", {supervisor, write + ok, R"({"op":"wrpkrs","val":"0x2"})", write + fault("0x23")}));
    const std::string read_only = R"({"op":"poke","pa":"0x4008","val":"0x5065"})";
    EXPECT_TRUE(run(R"("wp":1)", R"("wp":0)", {read_only, write + ok, R"({"op":"cr0wp","val":"0x1"})", write + fault("0x3")}));
    const std::string lifted = replaced(write, R"("ac":0)", R"("ac":1)");
    EXPECT_TRUE(run(R"("smap":0)", R"("smap":1)", {lifted + ok, write + fault("0x3"), lifted + ok}));
}

TEST(ConformScenarioRun, BitsThatMustBeSetAfterwardsCount) {
    const auto write_with = [](const char* mask) {
        return replaced(replaced(kMapped, R"("sr")", R"("sw")"), R"("must")",
                        std::string{R"("postset":[["0x4008",")"} + mask + R"("]],"must")");
    };
    const std::string clean = R"({"op":"poke","pa":"0x4008","val":"0x5007"})";
    EXPECT_TRUE(report_of({kPokes, clean, write_with("0x60")}).agrees());
    EXPECT_FALSE(report_of({kPokes, clean, write_with("0x260")}).agrees());
    expect_part(report_of({kPokes, clean, write_with("0x260")}).text(), "; not set afterwards, bits 9 of 0x4008\n");
}

TEST(ConformScenarioRun, AnExplanationHasStateStepsBothOutcomesAndTheWalk) {
    const std::string line = scenario_line(ops({kPokes, kMapped, kUnmap, kMayBeStale, kUnmapped, kMapped}));
    const std::string text = report_of(line).text();
    for (const char* part :
         {"s.jsonl:1: T4-0000 (unmap-invlpg), on the TLBs of Intel Skylake-SP, 2 sockets\nCR0 0x80010001 (PE WP PG), CR4 0xb0",
          "\n   1  store 0x2027 to 0x1000\n", "\n   5  MOV CR3 0x1000\n",
          "\n   6  supervisor-read 0x1000, RFLAGS.AC = 0 -> ok, 0x5000 in a 4 KiB page; by a walk that read 4 entries\n",
          "\n   8  supervisor-read 0x1000, RFLAGS.AC = 0 -> ok, 0x5000 in a 4 KiB page; from a TLB\n",
          "\n   9  supervisor-read 0x1000, RFLAGS.AC = 0 -> ok, 0x5000 in a 4 KiB page; from a TLB\n  expected: #PF, error "
          "code 0x0, "
          "CR2 0x1000\n  got:      ok, 0x5000 in a 4 KiB page\n",
          "PTE[1] at 0x4008 = 0x0000000000000000", "outcome: #PF, error code 0x0",
          "the same walk: splinter walk 0x1000 --access supervisor-read", "--word 0x1000:0x2027 --word 0x2000:0x3027",
          "\n0 of 1 agree\n"})
        expect_part(text, part);
    EXPECT_EQ(text.find("  10  "), std::string::npos) << text;
}

TEST(ConformScenarioRun, AllowedOutcomesSayWhichOneIsFresh) {
    const std::string other = replaced(kMayBeStale, R"("pa":"0x5000")", R"("pa":"0x6000")");
    expect_part(report_of({kPokes, kMapped, kUnmap, other}).text(),
                "expected: #PF, error code 0x0, CR2 0x1000 (fresh) or ok, 0x6000 (stale)\n");
}

TEST(ConformScenarioRun, EveryStepHasItsWords) {
    EXPECT_EQ(step_text(x86::Invalidation::page(VirtAddr{0x1000})), "INVLPG 0x1000");
    EXPECT_EQ(step_text(x86::Invalidation::pcid_address(hw::Pcid{5}, VirtAddr{0x1000})), "INVPCID type 0, PCID 0x5, 0x1000");
    EXPECT_EQ(step_text(x86::Invalidation::pcid_context(hw::Pcid{5})), "INVPCID type 1, PCID 0x5");
    EXPECT_EQ(step_text(x86::Invalidation::all()), "INVPCID type 2");
    EXPECT_EQ(step_text(x86::Invalidation::all_non_global()), "INVPCID type 3");
    EXPECT_EQ(step_text(TogglePge{}), "CR4.PGE inverted and restored");
    EXPECT_EQ(step_text(WritePkru{5}), "WRPKRU 0x5");
    EXPECT_EQ(step_text(WritePkrs{6}), "WRMSR IA32_PKRS 0x6");
    EXPECT_EQ(step_text(WriteCr0Wp{1}), "CR0.WP = 1");
}

TEST(ConformScenarioRun, TheTableHasTheStaleOutcomesByCategory) {
    const std::string text = report_of(sample_scenario() + sample_scenario()).text();
    expect_part(text, "unmap-invlpg      2   2      2        2\n");
    expect_part(text, "\nStale outcomes: shown at 2 of the 2 accesses where one is allowed.\n");
    EXPECT_TRUE(text.ends_with("\n2 of 2 agree\n"));
}

TEST(ConformScenarioSample, EveryPlatformAgreesAndShowsStaleOutcomesAtMostPlaces) {
    int platforms = 0;
    for (const auto& file : std::filesystem::directory_iterator{std::string{SPLINTER_SOURCE_DIR} + "/configs/platforms"}) {
        if (file.path().extension() != ".toml") continue;
        ++platforms;
        const auto point = Experiment::load("", {"platform.model=" + file.path().string()}).resolve_single();
        ConformReport report{Detail::summary};
        run_record_file(kScenarios, point.config.hw, report);
        EXPECT_TRUE(report.text().ends_with("\n518 of 518 agree\n")) << file.path() << report.text();
        EXPECT_EQ(report.stale().allowed, 502U);
        // At the other 84 a page fault or an INVLPG has dropped the entry: only a speculative walk could have brought it back.
        // Where the L2 TLB does not hold 1 GiB pages, their entries are pushed out of L1 earlier.
        const hw::MmuParams& mmu = point.config.hw.mmu;
        EXPECT_EQ(report.stale().shown, mmu.l2.holds("1g") || mmu.l2_second.holds("1g") ? 418U : 393U) << file.path();
    }
    EXPECT_GE(platforms, 3);
}

// A check of the check: most scenarios hang on their invalidations, and a TLB that holds nothing would pass without them.
TEST(ConformScenarioSample, LeavingOutAnyKindOfInvalidationIsNoticed) {
    const std::string text = read_text_file(kScenarios);
    const std::string path = kScenarios;
    std::array<int, 3> failures{};  // INVLPG and INVPCID, MOV CR3, CR4.PGE
    TraceText reader{text, path};
    while (!reader.at_end()) {
        reader.next_line();
        const Scenario scenario = read_scenario(reader);
        for (std::size_t kind = 0; kind < failures.size(); ++kind) {
            Scenario without = scenario;
            std::erase_if(without.steps, [&, seen_access = false](const ScenarioStep& step) mutable {
                seen_access = seen_access || std::holds_alternative<ScenarioAccess>(step);
                return seen_access && (kind == 0   ? std::holds_alternative<x86::Invalidation>(step)
                                       : kind == 1 ? std::holds_alternative<MovCr3>(step)
                                                   : std::holds_alternative<TogglePge>(step));
            });
            if (run_scenario(without, hw::MachineParams{}).failure) ++failures[kind];
        }
    }
    EXPECT_EQ(failures, (std::array<int, 3>{165, 136, 116}));
}

}  // namespace
}  // namespace splinter::platforms
