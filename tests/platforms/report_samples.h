// Results made by hand for the report tests: round numbers, so that a table can be written down beside the test.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "platforms/run/run_result.h"

namespace splinter::platforms::samples {

using Figures = std::map<std::string, double>;

inline WorkloadResult workload(const std::string& name, std::vector<Phase> phases) {
    WorkloadResult out;
    out.workload = name;
    out.phases = std::move(phases);
    out.end_cycles = 1000;
    out.state_hash = 0xabc;
    return out;
}

// A point of a sweep over cores and strategies with one steady phase.
inline PointResult steady_point(const std::string& cores, const std::string& strategy, Figures figures) {
    PointResult point;
    point.key = {{"platform.cores", cores}, {"flush.strategy", strategy}};
    point.result.program_version = "0.1.0";
    point.result.point = point.key;
    point.result.config = {{"flush.strategy", strategy, "--set", "", ""}, {"platform.cores", cores, "--set", "", ""}};
    point.result.workloads = {workload("secretmem", {{"steady", std::move(figures)}})};
    return point;
}

// A result that uses every field, with figures that are hard to print without loss.
inline RunResult full_result() {
    RunResult result;
    result.program_version = "0.1.0";
    result.question = "what does it cost?";
    result.point = {{"platform.cores", "2"}, {"flush.strategy", "none"}};
    result.config = {{"hw.core.invlpg", "200cyc", "configs/platforms/x.toml:12:5", "\"SDM\" 3A", "H", "100cyc", "260cyc"},
                     {"platform.cores", "2", "default", "", "", "", ""}};
    WorkloadResult secretmem = workload("secretmem", {{"population", {{"cycles_per_page", 0.1 + 0.2}, {"splits", 3}}},
                                                      {"steady", {{"cycles_per_page", 1e-300}, {"ns_per_page", 1.0 / 3}}}});
    secretmem.ledger = {{LedgerSide::initiator, "alloc/flush", 7}, {LedgerSide::victim, "user", ~std::uint64_t{0}}};
    secretmem.counters = {{"nr_tlb_remote_flush", (std::uint64_t{1} << 53) + 1}, {"core0.mmu.l2.misses", 0}};
    Histogram latencies;
    for (const std::uint64_t cycles : {std::uint64_t{301}, std::uint64_t{301}, std::uint64_t{7'000'001}}) latencies.add(cycles);
    secretmem.histograms = {{"steady", "alloc_cycles", latencies}};
    secretmem.facts = {{"protection", "not protected"}};
    secretmem.proc = {{"buddyinfo", "Node 0, zone      DMA      1 \n"}};
    secretmem.free_lists = {{"Movable", "Unmapped"},
                            {{"population", 10}, {"steady", 20}},
                            {{0, {{1, 0, 3}, {0, 0, 0}}}, {4096, {{0, 0, ~std::uint64_t{0}}, {5, 0, 0}}}}};
    secretmem.direct_map = {4096, {{3, {1, 0, 0, 1, 0}}, {1, {0, 512, 262144, 0, 7}}}};
    secretmem.end_cycles = ~std::uint64_t{0} - 1;
    secretmem.state_hash = 0xfedcba9876543210;
    result.workloads = {secretmem, workload("trace", {})};
    return result;
}

}  // namespace splinter::platforms::samples
