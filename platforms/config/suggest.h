// "did you mean `x`?" for a mistyped name.
#pragma once

#include <string>
#include <vector>

namespace splinter::platforms {

// The hint of a UserError: the candidate nearest to `word` by edit distance, or "" if none is near.
[[nodiscard]] std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace splinter::platforms
