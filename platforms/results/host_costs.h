// host-costs.jsonl of a result folder: what each simulated point has cost the host, one line each, appended. No part of the
// results: it differs from host to host and from run to run, and nothing is lost without it but the estimates of what is still
// to do.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace splinter::platforms {

inline constexpr const char* kHostCostsFile = "host-costs.jsonl";

struct HostCost {
    double seconds;       // of CPU time, of the point's processes
    std::uint64_t bytes;  // the most that one of them had resident
};

// By config_hash(); of a point that was simulated several times, the last. Lines that cannot be read (the end of a killed
// sweep) are left out; a file that is not there has none.
[[nodiscard]] std::map<std::string, HostCost> read_host_costs(const std::string& directory);

// Appends a line; a full disk is no error.
void append_host_cost(const std::string& directory, const std::string& config_hash, const HostCost& cost);

}  // namespace splinter::platforms
