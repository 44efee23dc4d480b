// Runs vectors on the model: walk, permission check, A and D.
#pragma once

#include <string>

#include "platforms/conform/conform_report.h"
#include "platforms/conform/vector.h"

namespace splinter::platforms {

struct VectorResult {
    x86::AccessOutcome outcome;
    std::vector<Word> after;
};

[[nodiscard]] VectorResult run_vector(const Vector& vector);
// The outcome is the expected one, and so are the words: exactly after a success, but for A after a fault, which is model
// specific then (SDM Vol. 3A 6.15, footnote on the page-fault error code).
[[nodiscard]] bool agrees(const Vector& vector, const VectorResult& result);
// State, entries, expected, got and the walk step by step; lines that end with a newline.
[[nodiscard]] std::string explain_disagreement(const Vector& vector, const VectorResult& result);

// All lines of a file into the report. Throws UserError with file:line:column.
void run_vectors(const std::string& path, std::string_view text, ConformReport& report);

}  // namespace splinter::platforms
