#include "platforms/config/suggest.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace splinter::platforms {
namespace {

// Levenshtein distance, row by row.
std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    std::size_t nearest = word.size() / 3 + 2;  // further away is a different word and no typing error
    const std::string* best = nullptr;
    for (const std::string& candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance >= nearest || distance >= candidate.size()) continue;
        nearest = distance;
        best = &candidate;
    }
    return best == nullptr ? "" : fmt::format("did you mean `{}`?", *best);
}

}  // namespace splinter::platforms
