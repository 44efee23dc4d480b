#include "platforms/cli/memory_budget.h"

#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace splinter::platforms {

namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

std::uint64_t mem_available() {
    std::ifstream meminfo{"/proc/meminfo"};
    std::uint64_t kibibytes = 0;
    std::string unit;
    for (std::string key; meminfo >> key >> kibibytes; std::getline(meminfo, unit))
        if (key == "MemAvailable:") return kibibytes * 1024;
    return kUnlimited;
}

// A number alone in a file ("max" is none).
std::optional<std::uint64_t> number_in(const char* path) {
    std::ifstream file{path};
    std::uint64_t number = 0;
    if (file >> number) return number;
    return std::nullopt;
}

std::uint64_t control_group_room() {
    const auto limit = number_in("/sys/fs/cgroup/memory.max");
    const auto used = number_in("/sys/fs/cgroup/memory.current");
    if (!limit || !used) return kUnlimited;
    return *limit > *used ? *limit - *used : 0;
}

}  // namespace

std::uint64_t default_memory_budget() {
    const std::uint64_t room = std::min(mem_available(), control_group_room());
    return room == kUnlimited ? room : room / 10 * 9;
}

std::uint64_t resident_bytes(pid_t pid) {
    static const auto kPage = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    std::uint64_t of_files = 0;
    std::ifstream{fmt::format("/proc/{}/statm", pid)} >> size >> resident >> of_files;
    std::uint64_t bytes = (resident - std::min(resident, of_files)) * kPage;
    std::ifstream children{fmt::format("/proc/{0}/task/{0}/children", pid)};
    for (pid_t child = 0; children >> child;) bytes += resident_bytes(child);
    return bytes;
}

}  // namespace splinter::platforms
