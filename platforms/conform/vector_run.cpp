#include "platforms/conform/vector_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "platforms/conform/access_text.h"
#include "platforms/conform/walk_text.h"

namespace splinter::platforms {

namespace {

std::string words_text(const std::vector<Word>& words) {
    std::string out;
    for (const Word& word : words)
        out += fmt::format("{}{:#x}:{:#x}", out.empty() ? "" : " ", word.address.raw(), word.value.raw());
    return out;
}

std::string disputed_line(const Vector& vector, const VectorResult& result) {
    return fmt::format("{:<14} {:<4} {:<16} manual: {}; model: {}\n", vector.id, vector.category,
                       access_name(vector.question.access), outcome_text(vector.expected), outcome_text(result.outcome));
}

}  // namespace

x86::Pte VectorRunner::Tables::set_flags(PhysAddr address, x86::Pte seen, std::uint64_t flags) {
    words.store(address, seen.with(flags));
    return seen.with(flags);
}

VectorResult VectorRunner::run(const Vector& vector) {
    WordMap memory{vector.before};
    const AccessCase& question = vector.question;
    const x86::AccessOutcome outcome = x86::translate(memory, question.root(), question.state(), question.va, question.access);
    const VectorResult pure{outcome, memory.words()};
    return agrees(vector, pure) ? run_on_unit(vector) : pure;
}

VectorResult VectorRunner::run_on_unit(const Vector& vector) {
    const AccessCase& question = vector.question;
    tables_.words = WordMap{vector.before};
    unit_.write_state(question.state());
    (void)unit_.write_cr3(question.root(), hw::Pcid{0}, hw::TranslationUnit::Cr3Flush::flush);
    (void)unit_.invalidate(x86::Invalidation::all());
    const x86::AccessOutcome outcome = unit_.access(question.va, question.access).result;
    return {outcome, tables_.words.words()};
}

bool agrees(const Vector& vector, const VectorResult& result) {
    if (result.outcome != vector.expected) return false;
    const std::uint64_t free = result.outcome.kind == x86::AccessOutcome::Kind::ok ? 0 : x86::Pte::kAccessed;
    return std::equal(vector.after.begin(), vector.after.end(), result.after.begin(), result.after.end(),
                      [&](const Word& a, const Word& b) { return a.value.without(free) == b.value.without(free); });
}

std::string explain_disagreement(const Vector& vector, const VectorResult& result) {
    return fmt::format(
        "{} ({})\n  expected: {}\n  got:      {}\n  words before:   {}\n  words expected: {}\n  words got:      {}\n\n{}\n"
        "the same walk: {}\n",
        vector.id, vector.category, outcome_text(vector.expected), outcome_text(result.outcome), words_text(vector.before),
        words_text(vector.after), words_text(result.after), explain_access(vector.question, vector.before, std::nullopt),
        walk_command(vector.question, vector.before));
}

void run_vectors(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report) {
    VectorRunner runner{machine};
    TraceText reader{text, path};
    while (!reader.at_end()) {
        reader.next_line();
        const Vector vector = read_vector(reader);
        const VectorResult result = runner.run(vector);
        const Verdict verdict = agrees(vector, result) ? Verdict::agrees : Verdict::disagrees;
        if (vector.standing == Standing::disputed) {
            report.count_disputed(vector.category, verdict, [&] { return disputed_line(vector, result); });
        } else {
            report.count(vector.category, verdict, [&] {
                return fmt::format("{}:{}: {}", path, reader.line_number(), explain_disagreement(vector, result));
            });
        }
    }
}

}  // namespace splinter::platforms
