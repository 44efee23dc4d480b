#include "platforms/report/ledger_report.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "platforms/report/numbers.h"

namespace splinter::platforms {

namespace {

constexpr std::size_t kAccountsShown = 8;

std::string side_report(const WorkloadResult& workload, LedgerSide side, const std::string& title) {
    std::vector<LedgerLine> lines;
    std::uint64_t total = 0;
    for (const LedgerLine& line : workload.ledger) {
        if (line.side != side || line.cycles == 0) continue;
        lines.push_back(line);
        total += line.cycles;
    }
    if (lines.empty()) return "";
    std::sort(lines.begin(), lines.end(), [](const LedgerLine& a, const LedgerLine& b) {
        return a.cycles != b.cycles ? a.cycles > b.cycles : a.path < b.path;
    });
    std::string out = fmt::format("{}, cycles of {}: {}\n", workload.workload, title, grouped(total));
    const std::size_t shown = std::min(kAccountsShown, lines.size());
    std::uint64_t rest = total;
    for (std::size_t i = 0; i < shown; ++i) {
        rest -= lines[i].cycles;
        out += fmt::format("  {:>5} %  {}\n", percent_of(lines[i].cycles, total), lines[i].path);
    }
    if (shown < lines.size())
        out += fmt::format("  {:>5} %  ({} smaller account{})\n", percent_of(rest, total), lines.size() - shown,
                           lines.size() - shown == 1 ? "" : "s");
    return out;
}

}  // namespace

std::string ledger_report(const RunResult& result) {
    std::string out;
    for (const WorkloadResult& workload : result.workloads) {
        for (const std::string& part : {side_report(workload, LedgerSide::initiator, "initiators"),
                                        side_report(workload, LedgerSide::victim, "victims")}) {
            if (!out.empty() && !part.empty()) out += "\n";
            out += part;
        }
    }
    return out;
}

}  // namespace splinter::platforms
