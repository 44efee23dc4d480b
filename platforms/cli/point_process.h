// One point in a child process. fork() without exec(): the child has the resolved point in memory, and there is no second
// parser of it to disagree. It sends the text of an error through a pipe; it prints nothing and leaves by _exit(), so that no
// buffer is written twice. It dies with its parent, whatever kills that: nobody is left who writes.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "platforms/results/host_costs.h"

namespace splinter::platforms {

struct PointJob;

inline constexpr int kExitNotWritten = 74;  // of the child only; sysexits.h: EX_IOERR

class PointProcess {
  public:
    using Clock = std::chrono::steady_clock;

    // Throws std::system_error if the system gives no process.
    PointProcess(const PointJob& job, std::string_view program_version);
    // Kills what is still running.
    ~PointProcess();
    PointProcess(const PointProcess&) = delete;
    PointProcess& operator=(const PointProcess&) = delete;

    // Readable (poll) when the process has ended.
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::chrono::duration<double> age() const { return Clock::now() - started_; }

    void kill() const;

    struct End {
        int exit_code;        // as `splinter run` would give, or kExitNotWritten; kExitBug if it died of a signal
        std::string message;  // one line, "" if it succeeded
        HostCost cost;
    };
    // To be called once, when descriptor() is readable.
    [[nodiscard]] End wait();

  private:
    pid_t pid_ = -1;
    int descriptor_ = -1;
    int message_pipe_ = -1;
    Clock::time_point started_ = Clock::now();
};

}  // namespace splinter::platforms
