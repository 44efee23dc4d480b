// Points of an experiment with some parameters moved: simulated a few at a time, kept by what they are, and reduced to what
// sensitivity asks for.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platforms/cli/commands.h"
#include "platforms/config/experiment.h"

namespace splinter::platforms {

// A point, and the parameters that it has other values of than the experiment.
struct Move {
    PointKey point;
    std::vector<AxisValue> changes;  // none: as configured
};

// One figure of a run in every phase that has it, in order, and a hash of everything that happened.
struct MoveOutcome {
    struct Workload {
        std::string name;
        std::vector<std::pair<std::string, double>> phases;
    };
    std::vector<Workload> workloads;
    std::vector<std::uint64_t> state_hashes;

    [[nodiscard]] std::optional<double> figure(const std::string& workload, const std::string& phase) const;
};

class SensitivityRuns {
  public:
    // Results go to `directory`, each under a hash of its resolved config, the program's version and the result schema; one
    // that is there already is not simulated again.
    SensitivityRuns(const Invocation& invocation, std::string directory, std::string figure);

    // Simulates what is not known yet. Returns kExitOk, or the gravest code of the runs that failed.
    int run(const std::vector<Move>& moves);
    // Null if it failed, was refused, or was never asked for.
    [[nodiscard]] const MoveOutcome* find(const Move& move) const;
    // Ends that the checks of the configuration refuse, with the reason.
    [[nodiscard]] const std::set<std::string>& refused() const { return refused_; }

  private:
    const Invocation& invocation_;
    std::string directory_;
    std::string figure_;
    std::map<std::string, MoveOutcome> outcomes_;  // by the text of the move
    std::set<std::string> refused_;
};

}  // namespace splinter::platforms
