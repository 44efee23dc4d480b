// Runs vectors on the model: walk, permission check, A and D; first as pure functions, then through a whole MMU whose caches
// are empty.
#pragma once

#include <string>

#include "hw/mmu/translation_unit.h"
#include "platforms/conform/conform_report.h"
#include "platforms/conform/vector.h"

namespace splinter::platforms {

struct VectorResult {
    x86::AccessOutcome outcome;
    std::vector<Word> after;
};

class VectorRunner {
  public:
    explicit VectorRunner(const hw::MachineParams& machine) : unit_{machine.mmu, machine.core, tables_} {}
    // x86::translate()'s result, or, if that agrees, that of hw::TranslationUnit: both have to.
    [[nodiscard]] VectorResult run(const Vector& vector);

  private:
    class Tables : public hw::PageTablePort {
      public:
        WordMap words{{}};
        x86::Pte read(PhysAddr address, Cycles&) override { return words.load(address); }
        x86::Pte set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) override;
    };
    [[nodiscard]] VectorResult run_on_unit(const Vector& vector);

    Tables tables_;
    hw::TranslationUnit unit_;
};

// The outcome is the expected one, and so are the words: exactly after a success, but for A after a fault, which is model
// specific then (SDM Vol. 3A 6.15, footnote on the page-fault error code).
[[nodiscard]] bool agrees(const Vector& vector, const VectorResult& result);
// State, entries, expected, got and the walk step by step; lines that end with a newline.
[[nodiscard]] std::string explain_disagreement(const Vector& vector, const VectorResult& result);

// All lines of a file into the report. Throws UserError with file:line:column.
void run_vectors(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report);

}  // namespace splinter::platforms
