// What one run found, as plain values: the only thing that reports, sweeps and comparisons read.
// JSON is its lossless form (run_result_json.h). Everything in it is deterministic: same config and seed, same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hw/base/histogram.h"

namespace splinter::platforms {

inline constexpr int kResultSchema = 2;  // raise when a field changes its meaning or goes away

// One resolved parameter with the place it came from.
struct ConfigEntry {
    std::string key;          // "hw.core.invlpg"
    std::string value;        // canonical text with its unit: "200cyc", "64GiB", "freetype"
    std::string origin;       // "default", "configs/platforms/skylake-sp-2s.toml:12:5", "--set"
    std::string source;       // citation, "" where none applies
    std::string confidence;   // H, M, L, MEM, assumed or ""
    std::string range_low{};  // how far it may reasonably be from the truth, in the form of `value`; both "" where not recorded
    std::string range_high{};
};

// A figure of one phase; absent figures (no victims, not protected) are not in the map.
struct Phase {
    std::string name;                       // "population" | "steady" | "trace"
    std::map<std::string, double> metrics;  // by the metric ids of run/metrics.h
};

// How the cycles of single calls are distributed, all cores together.
struct LatencyHistogram {
    std::string phase;
    std::string figure;  // "alloc_cycles" | "free_cycles", protected; "mapped_cycles", ordinary allocations
    Histogram histogram;
    friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;
};

enum class LedgerSide { initiator, victim };

struct LedgerLine {
    LedgerSide side;
    std::string path;  // "alloc/rmqueue/flip/flush/ack-wait"
    std::uint64_t cycles;
};

// Free blocks on the zones' lists over simulated time, all zones together; per-CPU lists not counted (free_list_sampler.h).
struct FreeListSample {
    std::uint64_t cycles = 0;                        // holds from here to the next sample
    std::vector<std::vector<std::uint64_t>> blocks;  // by type, order
    friend bool operator==(const FreeListSample&, const FreeListSample&) = default;
};
struct PhaseStart {
    std::string name;
    std::uint64_t cycles = 0;  // the first core's
    friend bool operator==(const PhaseStart&, const PhaseStart&) = default;
};
struct FreeListHistory {
    std::vector<std::string> types;  // that ever had a free block: as /proc/pagetypeinfo has them, and "Unmapped"
    std::vector<PhaseStart> phases;
    std::vector<FreeListSample> samples;  // the first at 0, the last at the end of the run
    friend bool operator==(const FreeListHistory&, const FreeListHistory&) = default;
};

// The direct map at the end of the run, by address: pages of a cell by the size of the leaf that maps them, and how many of
// them are not present or have a protection key (direct_map_picture.h).
struct DirectMapCell {
    std::uint64_t pages_4k = 0, pages_2m = 0, pages_1g = 0;
    std::uint64_t unmapped = 0, keyed = 0;
    friend bool operator==(const DirectMapCell&, const DirectMapCell&) = default;
};
struct EqualCells {
    std::uint64_t cells = 0;  // in a row
    DirectMapCell cell;
    friend bool operator==(const EqualCells&, const EqualCells&) = default;
};
struct DirectMapPicture {
    std::uint64_t cell_bytes = 0;
    std::vector<EqualCells> runs;  // from physical address 0
    friend bool operator==(const DirectMapPicture&, const DirectMapPicture&) = default;
};

struct WorkloadResult {
    std::string workload;  // "secretmem" | "trace"
    std::vector<Phase> phases;
    std::vector<LatencyHistogram> histograms;       // in the order of the phases, then by figure; none is empty
    std::vector<LedgerLine> ledger;                 // all cores of a side summed, sorted by side, path; whole run
    std::map<std::string, std::uint64_t> counters;  // kernel counters by the kernel's names, hardware counters by module path
    std::map<std::string, std::string> facts;       // statements in words, e.g. "protection": "not protected"
    std::map<std::string, std::string> proc;        // files of /proc at the end, as the kernel prints them (proc_files.h)
    FreeListHistory free_lists;
    DirectMapPicture direct_map;
    std::uint64_t end_cycles = 0;  // common end time of all cores
    std::uint64_t state_hash = 0;  // all cores' times and counters
};

// One choice of a value for every axis of an experiment, in the order of its axes.
struct AxisValue {
    std::string key;
    std::string value;
    friend bool operator==(const AxisValue&, const AxisValue&) = default;
};
using PointKey = std::vector<AxisValue>;

struct RunResult {
    std::string program_version;
    int schema = kResultSchema;
    std::string question;  // what the experiment asks: its `description`, or its first comment; "" for a trace's replay
    PointKey point;        // the axes' values; empty if the experiment has none
    std::vector<ConfigEntry> config;  // whole resolved config, sorted by key
    std::vector<WorkloadResult> workloads;
};

// A point of a sweep and what was found there: the input of every report over several points.
struct PointResult {
    PointKey key;
    RunResult result;
};

}  // namespace splinter::platforms
