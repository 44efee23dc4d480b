#include "platforms/conform/scenario_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "hw/base/check.h"
#include "platforms/conform/access_text.h"
#include "platforms/conform/walk_text.h"

namespace splinter::platforms {

namespace {

struct StepText {
    std::string operator()(const Poke& poke) const {
        return fmt::format("store {:#x} to {:#x}", poke.word.value.raw(), poke.word.address.raw());
    }
    std::string operator()(const MovCr3& write) const { return fmt::format("MOV CR3 {:#x}", write.operand); }
    std::string operator()(const x86::Invalidation& invalidation) const {
        using Kind = x86::Invalidation::Kind;
        switch (invalidation.kind) {
            case Kind::invlpg:
                return fmt::format("INVLPG {:#x}", invalidation.address.raw());
            case Kind::invpcid_address:
                return fmt::format("INVPCID type 0, PCID {:#x}, {:#x}", invalidation.pcid.raw(), invalidation.address.raw());
            case Kind::invpcid_context:
                return fmt::format("INVPCID type 1, PCID {:#x}", invalidation.pcid.raw());
            case Kind::invpcid_all:
                return "INVPCID type 2";
            case Kind::invpcid_non_global:
                return "INVPCID type 3";
            case Kind::cr3_write:
            case Kind::pge_toggle:
                break;
        }
        SPLINTER_CHECK(false, "the other kinds are steps of their own");
        return {};
    }
    std::string operator()(const TogglePge&) const { return "CR4.PGE inverted and restored"; }
    std::string operator()(const WritePkru& write) const { return fmt::format("WRPKRU {:#x}", write.value); }
    std::string operator()(const WritePkrs& write) const { return fmt::format("WRMSR IA32_PKRS {:#x}", write.value); }
    std::string operator()(const WriteCr0Wp& write) const { return fmt::format("CR0.WP = {}", write.value); }
    std::string operator()(const ScenarioAccess& access) const {
        return fmt::format("{} {:#x}, RFLAGS.AC = {}", access_name(access.access), access.va.raw(), access.ac);
    }
};

std::string source_text(const ScenarioAnswer& answer) {
    if (answer.outcome.kind == x86::AccessOutcome::Kind::general_protection) return "not canonical";
    if (!answer.missed_tlbs) return "from a TLB";
    return fmt::format("by a walk that read {} entr{}", answer.entries_read, answer.entries_read == 1 ? "y" : "ies");
}

std::string allowed_text(const ScenarioAccess& access) {
    std::string out;
    for (const ScenarioOutcome& one : access.allowed) {
        const bool ok = one.kind == ScenarioOutcome::Kind::ok;
        out += fmt::format("{}{}{}", out.empty() ? "" : " or ",
                           ok ? fmt::format("ok, {:#x}", one.address.raw())
                              : fmt::format("#PF, error code {:#x}, CR2 {:#x}", one.error_code, access.va.raw()),
                           access.allowed.size() == 1 ? ""
                           : one == access.fresh      ? " (fresh)"
                                                      : " (stale)");
    }
    return out;
}

std::string bits_text(const std::vector<Word>& words) {
    std::string out;
    for (const Word& word : words) out += fmt::format(", bits {} of {:#x}", bit_list(word.value.raw()), word.address.raw());
    return out;
}

// The words that a walk from the root reads: the others explain nothing.
std::vector<Word> words_of_walk(const AccessCase& question, const std::vector<Word>& words) {
    const WordMap memory{words};
    std::vector<Word> out;
    if (!x86::is_canonical(question.va, question.state())) return out;
    for (x86::Walk walk{question.va, question.root(), question.state()}; !walk.done(); walk.step(out.back().value))
        out.push_back({walk.entry_address(), memory.load(walk.entry_address())});
    return out;
}

}  // namespace

std::string step_text(const ScenarioStep& step) { return std::visit(StepText{}, step); }

std::string explain_failure(const Scenario& scenario, const ScenarioResult& result, const hw::MachineParams& machine) {
    const ScenarioFailure& failure = *result.failure;
    const std::size_t last = result.answers.back().step;
    std::string out = fmt::format("{} ({}), on the TLBs of {}\n{}TLBs and paging-structure caches are empty\n", scenario.id,
                                  scenario.name, machine.name, registers_text({scenario.initial, {}, {}, {}}));
    auto answer = result.answers.begin();
    for (std::size_t i = 0; i <= last; ++i) {
        out += fmt::format("{:>4}  {}", i + 1, step_text(scenario.steps[i]));
        if (std::holds_alternative<ScenarioAccess>(scenario.steps[i])) {
            out += fmt::format(" -> {}; {}", outcome_text(answer->outcome), source_text(*answer));
            ++answer;
        }
        out += "\n";
    }
    const auto& access = std::get<ScenarioAccess>(scenario.steps[last]);
    const std::vector<Word> words = words_of_walk(failure.question, failure.before);
    return out + fmt::format("  expected: {}{}\n  got:      {}{}\n\na walk of memory as it was then:\n{}\nthe same walk: {}\n",
                             allowed_text(access),
                             access.bits_set.empty() ? "" : "; set afterwards" + bits_text(access.bits_set),
                             outcome_text(result.answers.back().outcome),
                             failure.missing.empty() ? "" : "; not set afterwards" + bits_text(failure.missing),
                             explain_access(failure.question, words, std::nullopt), walk_command(failure.question, words));
}

}  // namespace splinter::platforms
