#include "platforms/cli/point_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

extern "C" {  // forgotten in the header of glibc 2.36
#include <sys/pidfd.h>
}

#include <fmt/format.h>

#include "platforms/cli/exit_codes.h"
#include "platforms/cli/point_pool.h"
#include "platforms/report/atomic_file.h"
#include "platforms/run/run_point.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

// A pipe takes this much without a reader: the child must never wait for its parent.
constexpr std::size_t kLongestMessage = 16 * 1024;

// Runs `work`; sends what it throws, and returns the exit code: `code_of_failure` for an error of the user's, if it is not 0.
template <class Work>
int attempt(int message_pipe, int code_of_failure, Work&& work) {
    try {
        work();
        return kExitOk;
    } catch (...) {
        const Failure failure = describe_current_exception();
        const ssize_t sent = ::write(message_pipe, failure.text.data(), std::min(failure.text.size(), kLongestMessage));
        if (sent < 0) return kExitBug;
        return code_of_failure != 0 && failure.exit_code == kExitUserError ? code_of_failure : failure.exit_code;
    }
}

[[noreturn]] void run_as_child(const PointJob& job, std::string_view version, int message_pipe) {
    RunResult result;
    int exit_code = attempt(message_pipe, 0, [&] {
        result = run_point(job.point);
        result.program_version = version;
    });
    if (exit_code == kExitOk)
        exit_code = attempt(message_pipe, kExitNotWritten, [&] { write_file_atomically(job.file, to_json(result)); });
    ::_exit(exit_code);
}

// Does not wait for the end of the pipe: a process that the child left behind may still hold it.
std::string drain(int message_pipe) {
    std::string text(kLongestMessage, '\0');
    const ssize_t count = ::read(message_pipe, text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

double seconds_of(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; }

[[noreturn]] void fail(const char* call) { throw std::system_error(errno, std::generic_category(), call); }

}  // namespace

PointProcess::PointProcess(const PointJob& job, std::string_view program_version) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) fail("pipe");
    message_pipe_ = ends[0];
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // The second line closes the race with a parent that is gone already.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(kExitBug);
        run_as_child(job, program_version, ends[1]);
    }
    const int error = errno;
    ::close(ends[1]);
    if (pid_ > 0) descriptor_ = ::pidfd_open(pid_, 0);
    if (descriptor_ >= 0) return;
    const bool has_child = pid_ > 0;
    if (!has_child) errno = error;
    const std::system_error failure{errno, std::generic_category(), has_child ? "pidfd_open" : "fork"};
    if (has_child) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(message_pipe_);
    throw failure;
}

PointProcess::~PointProcess() {
    if (pid_ > 0) {
        kill();
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(descriptor_);
    ::close(message_pipe_);
}

void PointProcess::kill() const { ::kill(pid_, SIGKILL); }

PointProcess::End PointProcess::wait() {
    int status = 0;
    rusage usage{};
    while (::wait4(pid_, &status, 0, &usage) < 0)
        if (errno != EINTR) fail("wait4");
    pid_ = -1;
    // Of the process and of those that it has waited for: the simulations.
    const HostCost cost{seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                        static_cast<std::uint64_t>(usage.ru_maxrss) * 1024};
    if (WIFSIGNALED(status)) return {kExitBug, fmt::format("killed by signal: {}", ::strsignal(WTERMSIG(status))), cost};
    const int code = WEXITSTATUS(status);
    if (code == kExitOk) return {code, "", cost};
    const std::string message = drain(message_pipe_);
    const bool known = code == kExitUserError || code == kExitFinding || code == kExitNotWritten;
    return {known ? code : kExitBug, message.empty() ? fmt::format("exit {}", code) : message, cost};
}

}  // namespace splinter::platforms
