#include "platforms/conform/scenario_run.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "platforms/conform/scenario_text.h"

namespace splinter::platforms {

namespace {

constexpr std::uint64_t kPcidMask = 0xfff;

// Physical memory of a few words; all others are 0.
class ScenarioMemory : public hw::PageTablePort {
  public:
    x86::Pte read(PhysAddr address, Cycles&) override { return load(address); }
    x86::Pte set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) override {
        x86::Pte& word = words_[address];
        if (word == seen) word = word.with(flags);
        return word;
    }
    void store(const Word& word) { words_[word.address] = word.value; }
    [[nodiscard]] x86::Pte load(PhysAddr address) const {
        const auto word = words_.find(address);
        return word == words_.end() ? x86::Pte{} : word->second;
    }
    [[nodiscard]] std::vector<Word> words() const {
        std::vector<Word> out;
        for (const auto& [address, value] : words_) out.push_back({address, value});
        return out;
    }

  private:
    std::map<PhysAddr, x86::Pte> words_;
};

// One core and its memory, told one step at a time.
class ScenarioRun {
  public:
    ScenarioRun(const Scenario& scenario, const hw::MachineParams& machine)
        : registers_{scenario.initial}, unit_{machine.mmu, machine.core, memory_} {
        write_state();
    }

    // False: this access disagrees.
    [[nodiscard]] bool take(std::size_t number, const ScenarioStep& step) {
        number_ = number;
        return std::visit([this](const auto& one) { return take(one); }, step);
    }
    [[nodiscard]] ScenarioResult result() && { return std::move(result_); }

  private:
    bool take(const Poke& poke) {
        memory_.store(poke.word);
        return true;
    }
    bool take(const MovCr3& write) {
        cr3_ = PhysAddr{write.operand & ~MovCr3::kNoFlush};
        const auto pcid = static_cast<std::uint16_t>(pcide() ? write.operand & kPcidMask : 0);
        using Flush = hw::TranslationUnit::Cr3Flush;
        (void)unit_.write_cr3(AccessCase{registers_, cr3_, {}, {}}.root(), hw::Pcid{pcid},
                              (write.operand & MovCr3::kNoFlush) != 0 ? Flush::no_flush : Flush::flush);
        return true;
    }
    bool take(const x86::Invalidation& invalidation) {
        (void)unit_.invalidate(invalidation);
        return true;
    }
    bool take(const TogglePge&) {
        for (int i = 0; i < 2; ++i) {
            registers_.cr4 ^= x86::bits::kCr4Pge;
            write_state();
        }
        return true;
    }
    bool take(const WritePkru& write) {
        registers_.pkru = write.value;
        write_state();
        return true;
    }
    bool take(const WritePkrs& write) {
        registers_.pkrs = write.value;
        write_state();
        return true;
    }
    bool take(const WriteCr0Wp& write) {
        registers_.cr0 = (registers_.cr0 & ~x86::bits::kCr0Wp) | (write.value != 0 ? x86::bits::kCr0Wp : 0);
        write_state();
        return true;
    }

    bool take(const ScenarioAccess& access) {
        const std::uint64_t rflags = access.ac != 0 ? x86::bits::kRflagsAc : 0;
        if (registers_.rflags != rflags) {
            registers_.rflags = rflags;
            write_state();
        }
        std::vector<Word> before = memory_.words();
        const hw::MmuStats stats = unit_.stats();
        const x86::AccessOutcome got = unit_.access(access.va, access.access).result;
        result_.answers.push_back(
            {number_, got, unit_.stats().l2_misses != stats.l2_misses, unit_.stats().walk_reads - stats.walk_reads});

        const auto shown = [&](const ScenarioOutcome& outcome) { return outcome.is(got, access.va); };
        const auto stale = [&](const ScenarioOutcome& outcome) { return outcome != access.fresh; };
        const bool allowed = std::any_of(access.allowed.begin(), access.allowed.end(), shown);
        std::vector<Word> missing = bits_missing(access);
        if (!allowed || !missing.empty()) {
            result_.failure =
                ScenarioFailure{{registers_, cr3_, access.va, access.access}, std::move(before), std::move(missing)};
            return false;
        }
        if (std::any_of(access.allowed.begin(), access.allowed.end(), stale)) {
            ++result_.stale.allowed;
            if (!shown(access.fresh)) ++result_.stale.shown;
        }
        return true;
    }

    [[nodiscard]] std::vector<Word> bits_missing(const ScenarioAccess& access) const {
        std::vector<Word> out;
        for (const Word& bits : access.bits_set) {
            const x86::Pte missing{bits.value.raw() & ~memory_.load(bits.address).raw()};
            if (missing != x86::Pte{}) out.push_back({bits.address, missing});
        }
        return out;
    }

    [[nodiscard]] bool pcide() const { return (registers_.cr4 & x86::bits::kCr4Pcide) != 0; }
    void write_state() { unit_.write_state(x86::PagingState::from_registers(registers_)); }

    x86::RawRegisters registers_;
    PhysAddr cr3_;
    ScenarioMemory memory_;
    hw::TranslationUnit unit_;
    std::size_t number_ = 0;
    ScenarioResult result_;
};

}  // namespace

ScenarioResult run_scenario(const Scenario& scenario, const hw::MachineParams& machine) {
    ScenarioRun run{scenario, machine};
    for (std::size_t i = 0; i < scenario.steps.size(); ++i)
        if (!run.take(i, scenario.steps[i])) break;
    return std::move(run).result();
}

void run_scenarios(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report) {
    TraceText reader{text, path};
    while (!reader.at_end()) {
        reader.next_line();
        const Scenario scenario = read_scenario(reader);
        const ScenarioResult result = run_scenario(scenario, machine);
        report.count(scenario.name, result.failure ? Verdict::disagrees : Verdict::agrees, [&] {
            return fmt::format("{}:{}: {}", path, reader.line_number(), explain_failure(scenario, result, machine));
        });
        report.count_stale(scenario.name, result.stale);
    }
}

}  // namespace splinter::platforms
