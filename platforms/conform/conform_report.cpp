#include "platforms/conform/conform_report.h"

#include <fmt/format.h>

#include "platforms/report/text_table.h"

namespace splinter::platforms {

ConformReport::Tally& ConformReport::tally_of(Tallies& tallies, std::string_view category) {
    const auto tally = tallies.find(category);
    return tally == tallies.end() ? tallies.emplace(category, Tally{}).first->second : tally->second;
}

void ConformReport::add(Tallies& tallies, std::string_view category, Verdict verdict) {
    Tally& tally = tally_of(tallies, category);
    ++tally.records;
    if (verdict == Verdict::agrees) ++tally.agree;
}

void ConformReport::count_stale(std::string_view category, StaleCount count) {
    Tally& tally = tally_of(counted_, category);
    tally.stale.allowed += count.allowed;
    tally.stale.shown += count.shown;
}

void ConformReport::count_many(const std::string& category, std::uint64_t agree, std::uint64_t records) {
    Tally& tally = counted_[category];
    tally.agree += agree;
    tally.records += records;
}

ConformReport::Tally ConformReport::sum(const Tallies& tallies) {
    Tally out;
    for (const auto& [category, tally] : tallies) {
        out.agree += tally.agree;
        out.records += tally.records;
        out.stale.allowed += tally.stale.allowed;
        out.stale.shown += tally.stale.shown;
    }
    return out;
}

std::string ConformReport::table(const Tallies& tallies) {
    const bool has_stale = sum(tallies).stale.allowed > 0;
    TextTable out;
    out.add_column("category", Align::left);
    out.add_column("agree", Align::right);
    out.add_column("of", Align::right);
    if (has_stale) {
        out.add_column("stale shown", Align::right);
        out.add_column("stale allowed", Align::right);
    }
    for (const auto& [category, tally] : tallies) {
        std::vector<std::string> cells{category, fmt::format("{}", tally.agree), fmt::format("{}", tally.records)};
        if (has_stale) {
            const bool some = tally.stale.allowed > 0;
            cells.push_back(some ? fmt::format("{}", tally.stale.shown) : "");
            cells.push_back(some ? fmt::format("{}", tally.stale.allowed) : "");
        }
        out.add_row(std::move(cells));
    }
    return out.render();
}

StaleCount ConformReport::stale() const { return sum(counted_).stale; }

bool ConformReport::agrees() const {
    const Tally all = sum(counted_);
    return all.records - all.agree <= tolerated_;
}

std::string ConformReport::text() const {
    const Tally all = sum(counted_);
    std::string out = all.records == 0 ? "" : table(counted_) + "\n";
    if (all.stale.allowed > 0)
        out += fmt::format("Stale outcomes: shown at {} of the {} accesses where one is allowed.\n\n", all.stale.shown,
                           all.stale.allowed);
    if (!disputed_.empty()) {
        out += fmt::format(
            "Disputed: no recorded QEMU release shows the manual's outcome. Decided in hw/README.md; neither counted below nor "
            "in the exit code.\n{}\n",
            table(disputed_));
        for (const std::string& line : disputed_lines_) out += line;
        if (!disputed_lines_.empty()) out += "\n";
    }
    if (!listed_.empty()) out += listed_ + "\n";
    if (!explanations_.empty()) {
        out += fmt::format("The first {} of {} disagreements:\n\n", explanations_.size(), all.records - all.agree);
        for (const std::string& explanation : explanations_) out += explanation + "\n";
    }
    if (tolerated_ > 0) out += fmt::format("Of those that do not agree, {} are within the recording's noise.\n", tolerated_);
    return out + fmt::format("{} of {} agree\n", all.agree, all.records);
}

}  // namespace splinter::platforms
