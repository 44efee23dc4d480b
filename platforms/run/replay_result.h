// How a replay of a real kernel's trace ended, as plain values: what the report of a replay reads.
#pragma once

#include "platforms/run/run_result.h"

namespace splinter::platforms {

struct ZoneBalance {
    std::string zone;
    std::uint64_t expected_free, free;  // pages: buddy lists and per-CPU lists together
};

struct ReplayReport {
    std::uint64_t events, allocations, frees;
    std::uint64_t failures;  // allocations that the kernel served and the model could not
    std::uint64_t overlaps;  // allocations that were given pages of a live one
    std::vector<ZoneBalance> zones;
    bool free_pages_compared;  // false: a share of the allocations was declared unmapped, so that the balance must differ
    RunResult result;          // of the one workload, with the resolved config

    // No failure, no overlap, and every zone that was compared ends with the snapshot's free pages.
    [[nodiscard]] bool agrees() const;
};

// How often something happened, by its name.
struct NamedCount {
    std::string name;
    std::uint64_t count;
};

// What both the recording and the model count.
struct CountPair {
    std::string name;
    std::uint64_t recorded, model;
    bool was_recorded;  // false: the trace has no such events
};

struct AllocationCount {
    unsigned order;
    std::string migratetype;
    std::uint64_t asked, failed;  // failed: in the model
};

struct ZoneChange {
    std::string zone;
    std::uint64_t free_before, free_after;  // pages: buddy lists and per-CPU lists together
};

// How a replay of a user's trace went. It has no state to compare with: nothing here is right or wrong but the failures.
struct UserReplayReport {
    std::string file, format, start;
    std::vector<std::string> notes;   // what had to be assumed
    std::vector<NamedCount> events;   // that were read
    std::vector<NamedCount> skipped;  // other events
    std::vector<NamedCount> unknown_gfp;
    std::uint64_t lost_events, lost_without_number;
    std::uint64_t failed_in_recording;
    std::uint64_t unknown_frees, unknown_pages;  // of pages that no line allocated: left out
    std::uint64_t missing_frees;                 // made good before the next allocation of the page
    std::uint64_t allocations, frees;            // in the model
    std::uint64_t failures;                      // allocations that the kernel served and the model could not
    std::uint64_t overlaps;                      // allocations that were given pages of a live one
    std::vector<AllocationCount> by_order;
    std::vector<CountPair> compared;
    std::vector<ZoneChange> zones;
    RunResult result;  // of the one workload, with the resolved config and the files of /proc

    [[nodiscard]] bool served() const { return failures == 0 && overlaps == 0; }
};

}  // namespace splinter::platforms
