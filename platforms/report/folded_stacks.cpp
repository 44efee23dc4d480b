#include "platforms/report/folded_stacks.h"

#include <algorithm>

#include <fmt/format.h>

#include "hw/base/check.h"

namespace splinter::platforms {

std::string folded_stacks(const RunResult& result) {
    std::string out;
    for (const WorkloadResult& workload : result.workloads)
        for (const LedgerLine& line : workload.ledger) {
            if (line.cycles == 0) continue;
            SPLINTER_CHECK(line.path.find(';') == std::string::npos, "an account's name separates no frames: " + line.path);
            std::string frames = line.path;
            std::replace(frames.begin(), frames.end(), '/', ';');
            out += fmt::format("{};{}{} {}\n", line.side == LedgerSide::initiator ? "initiators" : "victims",
                               result.workloads.size() > 1 ? workload.workload + ";" : "", frames, line.cycles);
        }
    return out;
}

}  // namespace splinter::platforms
