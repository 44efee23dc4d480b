// SystemC has process-wide state: a test that simulates does so in a forked child and brings a few numbers back.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace splinter::hw::testing {

// The numbers that `work` returns; nothing if the child died.
inline std::vector<std::uint64_t> in_child(const std::function<std::vector<std::uint64_t>()>& work) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    const pid_t child = fork();
    if (child == 0) {
        const std::vector<std::uint64_t> numbers = work();
        const std::size_t bytes = numbers.size() * sizeof(std::uint64_t);
        _exit(write(ends[1], numbers.data(), bytes) == static_cast<ssize_t>(bytes) ? 0 : 1);
    }
    close(ends[1]);
    std::vector<std::uint64_t> numbers;
    std::uint64_t number = 0;
    while (read(ends[0], &number, sizeof number) == sizeof number) numbers.push_back(number);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return status == 0 ? numbers : std::vector<std::uint64_t>{};
}

}  // namespace splinter::hw::testing
