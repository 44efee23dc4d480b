#include "platforms/conform/trace_run.h"

#include <fmt/format.h>

#include "platforms/conform/dmap_trace_run.h"
#include "platforms/replay/level_replay.h"

namespace splinter::platforms {

void run_trace_directory(const std::string& directory, ConformReport& report) {
    for (ReplayLevel level : {ReplayLevel::buddy, ReplayLevel::pcp}) {
        const LevelReport replay = replay_at_level(directory, level);
        for (std::size_t i = 0; i < kPredictedKinds; ++i) {
            const auto kind = static_cast<Predicted>(i);
            const LevelReport::Tally tally = replay.tally(kind);
            if (tally.of > 0) report.count_many(fmt::format("{}/{}", name_of(level), name_of(kind)), tally.agree, tally.of);
        }
        if (replay.first_difference())
            report.explain(fmt::format("level {}: {}\n", name_of(level), *replay.first_difference()));
    }
    run_direct_map_of_trace(directory, report);
}

}  // namespace splinter::platforms
