#include "platforms/results/host_costs.h"

#include <fcntl.h>
#include <unistd.h>
#include <filesystem>
#include <sstream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "platforms/report/atomic_file.h"

namespace splinter::platforms {

namespace {

using nlohmann::json;

std::string path_in(const std::string& directory) { return directory + "/" + kHostCostsFile; }

}  // namespace

std::map<std::string, HostCost> read_host_costs(const std::string& directory) {
    std::map<std::string, HostCost> costs;
    std::error_code error;
    if (!std::filesystem::is_regular_file(path_in(directory), error)) return costs;
    std::istringstream lines{read_file(path_in(directory))};
    for (std::string line; std::getline(lines, line);) {
        const json row = json::parse(line, nullptr, false);
        const auto is_number = [&](const char* key) { return row.contains(key) && row[key].is_number(); };
        if (!row.is_object() || !is_number("seconds") || !is_number("bytes") || !row.contains("config")) continue;
        if (row["config"].is_string())
            costs[row["config"].get<std::string>()] = {row["seconds"].get<double>(), row["bytes"].get<std::uint64_t>()};
    }
    return costs;
}

void append_host_cost(const std::string& directory, const std::string& config_hash, const HostCost& cost) {
    nlohmann::ordered_json row = nlohmann::ordered_json::object();
    row["config"] = config_hash;
    row["seconds"] = cost.seconds;
    row["bytes"] = cost.bytes;
    // One write() is one line, also if several sweeps share the folder. What a killed sweep has left of its line spoils no
    // other.
    std::string line = row.dump() + "\n";
    const int descriptor = ::open(path_in(directory).c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) return;
    char last = '\n';
    if (const off_t size = ::lseek(descriptor, 0, SEEK_END);
        size > 0 && ::pread(descriptor, &last, 1, size - 1) == 1 && last != '\n')
        line = "\n" + line;
    [[maybe_unused]] const ssize_t written = ::write(descriptor, line.data(), line.size());
    ::close(descriptor);
}

}  // namespace splinter::platforms
