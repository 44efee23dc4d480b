// Only an inversion between two strategies that were run on both core counts is a change: a point that failed, or two
// strategies that tie, are not. Over several seeds two strategies tie if the interval of their ratio contains 1.
#include "platforms/report/ranking.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "platforms/report/comparison_table.h"
#include "platforms/report/point_labels.h"
#include "platforms/report/result_lookup.h"
#include "platforms/statistics/replicas.h"

namespace splinter::platforms {

namespace {

struct Entry {
    std::string strategy;
    double cycles;
    SeedValues by_seed;
};
using ByCores = std::map<std::uint64_t, std::vector<Entry>>;
using Ranking = std::vector<std::string>;

std::string ranked_phase(const std::vector<PointResult>& points, const std::string& workload) {
    const std::vector<std::string> phases = phase_names(points, workload);
    if (phases.empty()) return "";
    return std::find(phases.begin(), phases.end(), "steady") != phases.end() ? "steady" : phases.back();
}

std::uint64_t to_number(const std::string& text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// "memory=64GiB": the labels other than cores and strategy.
std::string other_labels(const PointLabels& labels, std::size_t row) {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < labels.keys.size(); ++i)
        if (labels.keys[i] != kCoresKey && labels.keys[i] != kStrategyKey)
            parts.push_back(labels.headings[i] + "=" + labels.rows[row][i]);
    return fmt::format("{}", fmt::join(parts, ", "));
}

Ranking rank(std::vector<Entry> entries) {
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.cycles < b.cycles; });
    Ranking names;
    for (const Entry& entry : entries) names.push_back(entry.strategy);
    return names;
}

Ranking restricted_to(const Ranking& ranking, const Ranking& allowed) {
    Ranking out;
    for (const std::string& name : ranking)
        if (std::find(allowed.begin(), allowed.end(), name) != allowed.end()) out.push_back(name);
    return out;
}

bool tie(const std::vector<Entry>& entries, const std::string& a, const std::string& b) {
    const auto values = [&](const std::string& name) -> const SeedValues& {
        return std::ranges::find(entries, name, &Entry::strategy)->by_seed;
    };
    const std::optional<Ratio> ratio = ratio_of(values(a), values(b));
    if (!ratio || !ratio->bounds) return values(a) == values(b);
    return ratio->bounds->low <= 1 && ratio->bounds->high >= 1;
}

// "none < freetype ~ batched": neighbours that the seeds do not tell apart are joined by "~".
std::string chain(const std::vector<Entry>& entries) {
    const Ranking names = rank(entries);
    std::string out = names.front();
    for (std::size_t i = 1; i < names.size(); ++i) {
        const bool replicas = std::ranges::find(entries, names[i], &Entry::strategy)->by_seed.size() > 1;
        out += (replicas && tie(entries, names[i - 1], names[i]) ? " ~ " : " < ") + names[i];
    }
    return out;
}

// Does some pair stand the other way round?
bool changes(const std::vector<Entry>& before, const std::vector<Entry>& after) {
    const Ranking old_order = restricted_to(rank(before), rank(after));
    const Ranking new_order = restricted_to(rank(after), old_order);
    for (std::size_t i = 0; i < old_order.size(); ++i)
        for (std::size_t j = i + 1; j < old_order.size(); ++j) {
            const auto first = std::find(new_order.begin(), new_order.end(), old_order[i]);
            const auto second = std::find(new_order.begin(), new_order.end(), old_order[j]);
            if (second < first && !tie(before, old_order[i], old_order[j]) && !tie(after, old_order[i], old_order[j]))
                return true;
        }
    return false;
}

std::string listed(const std::vector<std::string>& items) {
    if (items.size() < 2) return fmt::format("{}", fmt::join(items, ""));
    return fmt::format("{} and {}", fmt::join(items.begin(), items.end() - 1, ", "), items.back());
}

// The strategies that other core counts have.
std::vector<std::string> lacking_in(const std::vector<Entry>& entries, const ByCores& by_cores) {
    std::vector<std::string> lacking;
    for (const auto& [cores, others] : by_cores)
        for (const Entry& other : others)
            if (std::ranges::find(entries, other.strategy, &Entry::strategy) == entries.end() &&
                std::ranges::find(lacking, other.strategy) == lacking.end())
                lacking.push_back(other.strategy);
    return lacking;
}

std::string describe_group(const ByCores& by_cores) {
    std::string out;
    std::vector<std::string> changed_at, all;
    const std::vector<Entry>* previous = nullptr;
    bool all_there = true;
    for (const auto& [cores, entries] : by_cores) {
        const std::string name = std::to_string(cores);
        const bool changed = previous != nullptr && changes(*previous, entries);
        if (changed) changed_at.push_back(name);
        const std::vector<std::string> lacking = lacking_in(entries, by_cores);
        if (previous == nullptr || changed || !lacking.empty())
            out += fmt::format("{:>5} cores: {}{}\n", name, chain(entries),
                               lacking.empty() ? "" : fmt::format("   (no result: {})", fmt::join(lacking, ", ")));
        all_there = all_there && lacking.empty();
        all.push_back(name);
        previous = &entries;
    }
    const char* const reservation = all_there ? "" : ", as far as there are results";
    if (by_cores.size() < 2) return out;
    if (changed_at.empty()) return out + fmt::format("  the same on {} cores{}\n", listed(all), reservation);
    return out + fmt::format("  the ranking changes at {} cores{}\n", listed(changed_at), reservation);
}

// The rows of one workload that differ in cores and strategy only, in the order of the points.
struct Group {
    std::string name;
    ByCores by_cores;
};

std::vector<Group> groups_of(const std::vector<ReplicatedPoint>& replicated, const std::string& workload,
                             const std::string& phase_name) {
    const std::vector<PointResult> points = means_of(replicated);
    const PointLabels labels = point_labels(points);
    const std::vector<std::string> cores = labels.values_of(kCoresKey);
    const std::vector<std::string> strategies = labels.values_of(kStrategyKey);
    std::vector<Group> groups;
    if (cores.empty() || strategies.empty()) return groups;
    for (std::size_t row = 0; row < points.size(); ++row) {
        const auto values = replicated[row].figures.find({workload, phase_name, "cycles_per_page"});
        if (values == replicated[row].figures.end()) continue;
        const std::string name = other_labels(labels, row);
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) { return known.name == name; });
        if (group == groups.end()) group = groups.insert(groups.end(), {name, {}});
        group->by_cores[to_number(cores[row])].push_back({strategies[row], estimate_of(values->second).mean, values->second});
    }
    return groups;
}

}  // namespace

std::string ranking_report(const std::vector<PointResult>& points) {
    std::string out;
    // An experiment that names other figures asks another question.
    const std::vector<std::string> columns = requested_columns(points);
    if (!columns.empty() && std::find(columns.begin(), columns.end(), "cycles_per_page") == columns.end()) return out;
    const std::vector<ReplicatedPoint> replicated = fold_replicas(points);
    for (const std::string& workload : workload_names(points)) {
        const std::string phase = ranked_phase(points, workload);
        for (const Group& group : groups_of(replicated, workload, phase)) {
            const auto several = [](const auto& item) { return item.second.size() > 1; };
            if (std::none_of(group.by_cores.begin(), group.by_cores.end(), several)) continue;
            out += fmt::format("{}{}{}, cycles/page from low to high:\n{}", out.empty() ? "" : "\n",
                               section_title(workload, phase), group.name.empty() ? "" : ", " + group.name,
                               describe_group(group.by_cores));
        }
    }
    if (out.find(" ~ ") != std::string::npos) out += "  ~: the seeds do not tell the two apart (95 %)\n";
    return out;
}

}  // namespace splinter::platforms
