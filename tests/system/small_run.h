// What the whole-run tests share: a machine that is small enough to run in a fraction of a second, and ways to run it.
#pragma once

#include <string>
#include <vector>

#include "platforms/config/experiment.h"
#include "platforms/run/run_result.h"

namespace splinter::platforms::testing {

using Sets = std::vector<std::string>;  // texts after --set

// smoke.toml on eight cores of two sockets with two clusters each, 64 MiB, four cores that allocate 32 pages each, short
// warm-up; `sets` on top. Distances, locks and cross-calls are all met.
[[nodiscard]] ResolvedPoint small_point(const Sets& sets);
[[nodiscard]] inline RunConfig small_config(const Sets& sets) { return small_point(sets).config; }

// Runs small_point() in child processes.
[[nodiscard]] RunResult small_run(const Sets& sets);

// Sets for the workload `trace`: a recorded trace by its directory below tests/data/traces.
[[nodiscard]] Sets trace_sets(const std::string& name, const std::string& unmapped);

// Both; of two values of a key that of `b`.
[[nodiscard]] Sets operator+(Sets a, const Sets& b);
[[nodiscard]] double metric(const WorkloadResult& result, const std::string& phase, const std::string& name);

}  // namespace splinter::platforms::testing
