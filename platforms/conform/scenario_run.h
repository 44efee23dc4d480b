// Runs TLB scenarios on hw::TranslationUnit, the TLBs, paging-structure caches and walker of a platform's parameters: the same
// one that the timed MMU runs. Cycles are not looked at.
#pragma once

#include <optional>
#include <string>

#include "hw/machine_params.h"
#include "platforms/conform/conform_report.h"
#include "platforms/conform/scenario.h"

namespace splinter::platforms {

// What the model did at one access.
struct ScenarioAnswer {
    std::size_t step = 0;  // of the scenario, from 0
    x86::AccessOutcome outcome;
    bool missed_tlbs = false;
    std::uint64_t entries_read = 0;  // by the walk
};

// The access that ended a scenario.
struct ScenarioFailure {
    AccessCase question;        // the access, in the state of its moment
    std::vector<Word> before;   // all words of memory, before it
    std::vector<Word> missing;  // bits that it should have set and has not; if empty, the outcome is not an allowed one
};

struct ScenarioResult {
    std::vector<ScenarioAnswer> answers;  // the last one is the failure's, if there is one
    std::optional<ScenarioFailure> failure;
    StaleCount stale;
};

[[nodiscard]] ScenarioResult run_scenario(const Scenario& scenario, const hw::MachineParams& machine);

// All lines of a file into the report. Throws UserError with file:line:column.
void run_scenarios(const std::string& path, std::string_view text, const hw::MachineParams& machine, ConformReport& report);

}  // namespace splinter::platforms
