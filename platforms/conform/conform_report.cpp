#include "platforms/conform/conform_report.h"

#include <fmt/format.h>

#include "platforms/report/text_table.h"

namespace splinter::platforms {

void ConformReport::add(Tallies& tallies, std::string_view category, Verdict verdict) {
    auto tally = tallies.find(category);
    if (tally == tallies.end()) tally = tallies.emplace(category, Tally{}).first;
    ++tally->second.records;
    if (verdict == Verdict::agrees) ++tally->second.agree;
}

ConformReport::Tally ConformReport::sum(const Tallies& tallies) {
    Tally out;
    for (const auto& [category, tally] : tallies) {
        out.agree += tally.agree;
        out.records += tally.records;
    }
    return out;
}

std::string ConformReport::table(const Tallies& tallies) {
    TextTable out;
    out.add_column("category", Align::left);
    out.add_column("agree", Align::right);
    out.add_column("of", Align::right);
    for (const auto& [category, tally] : tallies)
        out.add_row({category, fmt::format("{}", tally.agree), fmt::format("{}", tally.records)});
    return out.render();
}

bool ConformReport::agrees() const {
    const Tally all = sum(counted_);
    return all.agree == all.records;
}

std::string ConformReport::text() const {
    const Tally all = sum(counted_);
    std::string out = all.records == 0 ? "" : table(counted_) + "\n";
    if (!disputed_.empty()) {
        out += fmt::format(
            "Disputed: no recorded QEMU release shows the manual's outcome. Decided in hw/x86/README.md; neither counted below "
            "nor "
            "in the exit code.\n{}\n",
            table(disputed_));
        for (const std::string& line : disputed_lines_) out += line;
        if (!disputed_lines_.empty()) out += "\n";
    }
    if (!explanations_.empty()) {
        out += fmt::format("The first {} of {} disagreements:\n\n", explanations_.size(), all.records - all.agree);
        for (const std::string& explanation : explanations_) out += explanation + "\n";
    }
    return out + fmt::format("{} of {} agree\n", all.agree, all.records);
}

}  // namespace splinter::platforms
