#include "platforms/conform/scenario.h"

#include "tests/platforms/kernel_trace_files.h"
#include "tests/platforms/scenario_lines.h"

namespace splinter::platforms {
namespace {

using namespace testing;

// `line` must outlive the scenario.
Scenario scenario_in(const std::string& line) {
    static const std::string path = "s.jsonl";
    TraceText reader{line, path};
    reader.next_line();
    return read_scenario(reader);
}

std::string scenario_error(const std::string& line) {
    return user_error([&] { (void)scenario_in(line); });
}
// What is wrong with the sample after a replacement, without the place.
std::string error_with(const std::string& from, const std::string& to) {
    return scenario_error(replaced(sample_scenario(), from, to));
}
std::string error_of_op(const std::string& op) { return scenario_error(scenario_line(op)); }

template <class Step>
Step first_step(const std::string& op) {
    const std::string line = scenario_line(op);
    return std::get<Step>(scenario_in(line).steps.at(0));
}

TEST(ConformScenario, ReadsNamesAndInitialState) {
    const std::string line =
        replaced(replaced(sample_scenario(), R"("smap":0)", R"("smap":1)"), R"("pkrs":"0x0")", R"("pkrs":"0xc")");
    const Scenario scenario = scenario_in(line);
    EXPECT_EQ(scenario.id, "T4-0000");
    EXPECT_EQ(scenario.name, "unmap-invlpg");
    const auto state = x86::PagingState::from_registers(scenario.initial);
    EXPECT_TRUE(scenario.initial.long_mode_paging());
    EXPECT_TRUE(state.wp && state.pge && state.smap && state.nxe);
    EXPECT_FALSE(state.pcide || state.smep || state.pke || state.pks || state.la57 || state.ac);
    EXPECT_EQ(state.maxphyaddr, 40);
    EXPECT_EQ(state.pkrs, x86::KeyRights{0xc});
}

TEST(ConformScenario, FiveLevelsAreLa57) {
    const std::string line = replaced(sample_scenario(), R"("levels":4)", R"("levels":5)");
    EXPECT_TRUE(x86::PagingState::from_registers(scenario_in(line).initial).la57);
}

TEST(ConformScenario, ReadsEveryStep) {
    EXPECT_EQ(first_step<Poke>(R"({"op":"poke","pa":"0x18","val":"0x1f"})").word, (Word{PhysAddr{0x18}, x86::Pte{0x1f}}));
    EXPECT_EQ(first_step<MovCr3>(R"({"op":"cr3","val":"0x1fff"})").operand, 0x1fffU);
    const auto invlpg = first_step<x86::Invalidation>(R"({"op":"invlpg","va":"0x7000"})");
    EXPECT_EQ(invlpg.kind, x86::Invalidation::Kind::invlpg);
    EXPECT_EQ(invlpg.address, VirtAddr{0x7000});
    (void)first_step<TogglePge>(R"({"op":"pgetoggle"})");
    EXPECT_EQ(first_step<WritePkru>(R"({"op":"wrpkru","val":"0x5"})").value, 5U);
    EXPECT_EQ(first_step<WritePkrs>(R"({"op":"wrpkrs","val":"0x6"})").value, 6U);
    EXPECT_EQ(first_step<WriteCr0Wp>(R"({"op":"cr0wp","val":"0x1"})").value, 1U);
}

TEST(ConformScenario, ReadsEveryTypeOfInvpcid) {
    using Kind = x86::Invalidation::Kind;
    const Kind kinds[] = {Kind::invpcid_address, Kind::invpcid_context, Kind::invpcid_all, Kind::invpcid_non_global};
    for (int type = 0; type < 4; ++type) {
        const std::string op = R"({"op":"invpcid","type":)" + std::to_string(type) + R"(,"pcid":77,"va":"0x7000"})";
        const std::string line = replaced(scenario_line(op), R"("pcide":0)", R"("pcide":1)");
        const auto step = std::get<x86::Invalidation>(scenario_in(line).steps.at(0));
        EXPECT_EQ(step.kind, kinds[type]);
        EXPECT_EQ(step.pcid, type < 2 ? hw::Pcid{77} : hw::Pcid{});
        EXPECT_EQ(step.address, type == 0 ? VirtAddr{0x7000} : VirtAddr{});
    }
}

TEST(ConformScenario, ReadsAccesses) {
    const auto access = first_step<ScenarioAccess>(
        R"({"op":"acc","acc":"uw","ac":1,"va":"0x1230","fresh":{"kind":"ok","pa":"0x5230"},)"
        R"("allow":[{"kind":"pf","err":"0x7"},{"kind":"ok","pa":"0x5230"}],"must":false,"postset":[["0x4008","0x60"]]})");
    EXPECT_EQ(access.access, (x86::Access{x86::AccessKind::write, x86::Mode::user}));
    EXPECT_EQ(access.ac, 1U);
    EXPECT_EQ(access.va, VirtAddr{0x1230});
    EXPECT_EQ(access.fresh, (ScenarioOutcome{ScenarioOutcome::Kind::ok, PhysAddr{0x5230}, 0}));
    EXPECT_EQ(access.allowed.size(), 2U);
    EXPECT_EQ(access.allowed[0], (ScenarioOutcome{ScenarioOutcome::Kind::page_fault, PhysAddr{}, 7}));
    EXPECT_EQ(access.bits_set, (std::vector<Word>{{PhysAddr{0x4008}, x86::Pte{0x60}}}));
}

TEST(ConformScenario, SpacesAndEscapesInStringsThatNobodyReadsDoNoHarm) {
    const std::string line =
        replaced(sample_scenario(), R"("need":[])", R"( "need" : [ "a\"b\\" , 1.5e3 , -2, null, {"x" : "\\"} ] )");
    EXPECT_EQ(scenario_in(line).steps.size(), 10U);
}

TEST(ConformScenario, NamesThePlaceOfWhatIsGarbled) {
    EXPECT_EQ(error_with(R"("maxphy":40)", R"("maxphy":53)"),
              "s.jsonl:1:59: found '53', expected MAXPHYADDR (decimal, 0 to 52)");
    EXPECT_EQ(error_with(R"("maxphy":40)", R"("maxphy":31)"), "s.jsonl:1:59: found '31', expected MAXPHYADDR from 32 to 52");
    EXPECT_EQ(error_with(R"("levels":4)", R"("levels":3)"), "s.jsonl:1:48: found '3', expected 4 or 5 levels of paging");
    expect_contains(error_with(R"("levels":4)", R"("levels":"4")"), R"(found '"4"', expected levels of paging, a number)");
    expect_contains(error_with("T4-0000", "T4 0000"), "expected an id of letters, digits");
    expect_contains(error_with(R"("wp":1)", R"("wp":2)"), "found '2', expected wp");
    expect_contains(error_with(R"("wp":1)", R"("WP":1)"), "found 'WP', expected one of the keys wp, pge, pcide");
    expect_contains(error_with(R"("wp":1,)", ""), R"(expected an object with the key "wp")");
    expect_contains(error_with(R"("pkru":"0x0")", R"("pkru":0)"), R"(found '0', expected PKRU, "0x...")");
    expect_contains(error_with(R"("pkru":"0x0")", R"("pkru":"0x100000000")"), "found '100000000', expected PKRU");
    expect_contains(error_with(R"("sigs")", R"("signs")"), "found 'signs', expected one of the keys id, name");
    expect_contains(error_with(R"("need":[],)", R"("need":[],"id":"x",)"), R"(found '"id"', expected each key once)");
}

TEST(ConformScenario, UnknownStepsAndFieldsAreRefused) {
    expect_contains(
        error_of_op(R"({"op":"wbinvd"})"),
        R"(found '"wbinvd"', expected an operation: poke, cr3, invlpg, invpcid, pgetoggle, wrpkru, wrpkrs, cr0wp, acc)");
    expect_contains(error_of_op(R"({"op":"pgetoggle","va":"0x0"})"), "found 'va', expected one of the keys op");
    expect_contains(error_of_op(R"({"op":"invlpg"})"), R"(expected an object with the key "va")");
    expect_contains(error_of_op(R"("pgetoggle")"), "expected an object");
    expect_contains(error_with(R"("must":true,)", R"("must":true,"maybe":1,)"),
                    "found 'maybe', expected one of the keys op, acc");
}

TEST(ConformScenario, StepsThatWouldBeFaultsOfTheInstructionAreRefused) {
    expect_contains(error_of_op(R"({"op":"poke","pa":"0x1004","val":"0x0"})"), "expected an address that is a multiple of 8");
    expect_contains(error_of_op(R"({"op":"poke","pa":"0x10000000000","val":"0x0"})"), "expected a physical address");
    expect_contains(error_of_op(R"({"op":"cr3","val":"0x8000000000001000"})"), "expected bit 63 clear, for pcide is 0");
    expect_contains(error_of_op(R"({"op":"cr3","val":"0x10000000000"})"), "expected an address below MAXPHYADDR");
    expect_contains(error_of_op(R"({"op":"invpcid","type":1,"pcid":5,"va":"0x0"})"), "expected PCID 0, for pcide is 0");
    expect_contains(error_of_op(R"({"op":"invpcid","type":4,"pcid":0,"va":"0x0"})"), "expected a type of INVPCID");
    expect_contains(error_of_op(R"({"op":"invpcid","type":2,"pcid":4096,"va":"0x0"})"), "expected a PCID");
    expect_contains(error_of_op(R"({"op":"cr0wp","val":"0x10000"})"), "expected CR0.WP");
}

TEST(ConformScenario, AccessesThatContradictThemselvesAreRefused) {
    expect_contains(error_with(R"("acc":"sr")", R"("acc":"xr")"), R"(found '"xr"', expected an access: s or u)");
    expect_contains(error_with(R"("kind":"ok")", R"("kind":"gp")"), R"(found '"gp"', expected ok or pf)");
    expect_contains(error_with(R"("fresh":{"kind":"ok","pa":"0x5000"})", R"("fresh":{"kind":"ok","err":"0x0"})"),
                    "found 'err', expected one of the keys kind, pa");
    expect_contains(error_with(R"("fresh":{"kind":"ok","pa":"0x5000"})", R"("fresh":{"kind":"ok","pa":"0x6000"})"),
                    "expected outcomes with the fresh one among them");
    expect_contains(error_with(R"("must":false)", R"("must":true)"), "expected the fresh outcome only, for must is true");
    expect_contains(error_with(R"("must":true,)", R"("must":1,)"), "found '1', expected must, true or false");
    expect_contains(error_with(R"("must":true,)", R"("must":true,"postset":[["0x4008"]],)"), "expected [address, mask]");
}

TEST(ConformScenario, LinesThatAreNoJsonAreRefusedAtTheirPlace) {
    EXPECT_EQ(scenario_error("[1]\n"), "s.jsonl:1:1: found '[1]', expected a JSON object, {...}");
    EXPECT_EQ(scenario_error("\n"), "s.jsonl:1:1: found nothing, expected a JSON object, {...}");
    EXPECT_EQ(scenario_error("{\"id\" 5}\n"), "s.jsonl:1:7: found '5}', expected valid JSON, here ':'");
    expect_contains(scenario_error("{\"id\":\"\xff\"}\n"), "expected valid JSON");
    const auto place = [](const std::string& line) {
        const std::string error = scenario_error(line + "\n");
        return error.substr(0, error.find(": found "));
    };
    EXPECT_EQ(place(R"({"id":5)"), "s.jsonl:1:8");
    EXPECT_EQ(place(R"({"id":tru})"), "s.jsonl:1:7");
    EXPECT_EQ(place(R"({"id":"a"} x)"), "s.jsonl:1:12");
    EXPECT_EQ(place(R"({"id":1}})"), "s.jsonl:1:9");
    EXPECT_EQ(place(R"({"id":1,,"name":2})"), "s.jsonl:1:9");
    EXPECT_EQ(place(R"({"id":1 "name":2})"), "s.jsonl:1:9");
    EXPECT_EQ(place(R"({"id":"a\q"})"), "s.jsonl:1:7");
    EXPECT_EQ(place(sample_scenario().substr(0, sample_scenario().size() - 1) + " x"),
              "s.jsonl:1:" + std::to_string(sample_scenario().size() + 1));
    expect_contains(scenario_error("{} {}\n"), "expected valid JSON");
    expect_contains(scenario_error("{\"id\":" + std::string(100000, '[') + "\n"), "expected at most 16 levels of values");
}

TEST(ConformScenario, ALineCutAnywhereIsRefused) {
    const std::string line = sample_scenario();
    for (std::size_t length = 0; length < line.size(); ++length)
        expect_contains(user_error([&] { (void)scenario_in(line.substr(0, length)); }), "the file is cut off in this line");
    for (std::size_t length = 0; length + 1 < line.size(); ++length)
        EXPECT_TRUE(scenario_error(line.substr(0, length) + "\n").starts_with("s.jsonl:1:")) << length;
}

TEST(ConformScenario, AnyByteInAnyPlaceIsReadOrRefusedInOneLine) {
    const std::string good = sample_scenario();
    for (std::size_t at = 0; at + 1 < good.size(); ++at)
        for (const char byte : {'\0', ' ', ',', ':', '"', '\\', '-', '0', '[', ']', '{', '}', 'e', '\xff'}) {
            std::string line = good;
            line[at] = byte;
            const std::string error = scenario_error(line);
            EXPECT_TRUE(error == "(no error)" || error.starts_with("s.jsonl:1:")) << error;
            EXPECT_EQ(error.find_first_of(std::string{"\n\0", 2}), std::string::npos);
        }
}

}  // namespace
}  // namespace splinter::platforms
