// fork() without exec(): the child has the resolved point in memory, and there is no second parser of it to disagree. The child
// sends the text of an error through a pipe; it prints nothing and leaves by _exit(), so that no buffer is written twice.
#include "platforms/cli/point_pool.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <map>
#include <numeric>
#include <system_error>

#include <spdlog/logger.h>

#include "platforms/cli/exit_codes.h"
#include "platforms/report/atomic_file.h"
#include "platforms/run/run_point.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

using Clock = std::chrono::steady_clock;

// A pipe takes this much without a reader: the child must never wait for its parent.
constexpr std::size_t kLongestMessage = 16 * 1024;

struct Child {
    std::size_t job;
    int message_pipe;
    Clock::time_point started;
};

[[noreturn]] void run_as_child(const PointJob& job, std::string_view version, int message_pipe) {
    int exit_code = kExitOk;
    try {
        RunResult result = run_point(job.point);
        result.program_version = version;
        write_file_atomically(job.file, to_json(result));
    } catch (...) {
        const Failure failure = describe_current_exception();
        exit_code = failure.exit_code;
        const ssize_t sent = ::write(message_pipe, failure.text.data(), std::min(failure.text.size(), kLongestMessage));
        if (sent < 0) exit_code = kExitBug;
    }
    ::_exit(exit_code);
}

// Does not wait for the end of the pipe: a process that the child left behind may still hold it.
std::string drain(int message_pipe) {
    std::string text(kLongestMessage, '\0');
    const ssize_t count = ::read(message_pipe, text.data(), text.size());
    ::close(message_pipe);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
}

class Pool {
  public:
    Pool(const std::vector<PointJob>& jobs, std::string_view version, spdlog::logger& log)
        : jobs_{jobs}, version_{version}, log_{log}, exit_codes_(jobs.size(), kExitBug) {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    // Left early by an exception only: children must not outlive the one who would report them.
    ~Pool() {
        for (const auto& [pid, child] : running_) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
            ::close(child.message_pipe);
        }
    }

    std::vector<int> run(unsigned at_once) {
        const std::vector<std::size_t> order = largest_first();
        for (auto next = order.begin(); next != order.end() || !running_.empty();) {
            if (next != order.end() && running_.size() < at_once)
                start(*next++);
            else
                reap();
        }
        return exit_codes_;
    }

  private:
    // Points with many cores take the longest: started last, they would keep one process busy while the others have nothing to
    // do.
    [[nodiscard]] std::vector<std::size_t> largest_first() const {
        std::vector<std::size_t> order(jobs_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
            return jobs_[a].point.config.hw.cores > jobs_[b].point.config.hw.cores;
        });
        return order;
    }

    void start(std::size_t job) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        log_.flush();
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid < 0) {
            const int error = errno;
            ::close(ends[0]);
            ::close(ends[1]);
            throw std::system_error(error, std::generic_category(), "fork");
        }
        if (pid == 0) {
            // A sweep that is killed takes its points with it; the second line closes the race with a parent that is gone.
            ::prctl(PR_SET_PDEATHSIG, SIGTERM);
            if (::getppid() != parent) ::_exit(kExitBug);
            run_as_child(jobs_[job], version_, ends[1]);
        }
        ::close(ends[1]);
        running_[pid] = {job, ends[0], Clock::now()};
    }

    void reap() {
        int status = 0;
        const pid_t pid = ::waitpid(-1, &status, 0);
        if (pid < 0 && errno == EINTR) return;
        if (pid < 0) throw std::system_error(errno, std::generic_category(), "waitpid");
        const auto found = running_.find(pid);
        if (found == running_.end()) return;
        const Child child = found->second;
        running_.erase(found);
        finish(child, status);
    }

    void finish(const Child& child, int status) {
        const PointJob& job = jobs_[child.job];
        const std::string message = drain(child.message_pipe);
        const double seconds = std::chrono::duration<double>(Clock::now() - child.started).count();
        ++finished_;
        if (WIFEXITED(status) && WEXITSTATUS(status) == kExitOk) {
            exit_codes_[child.job] = kExitOk;
            log_.info("[{}/{}] {}: {:.1f} s", finished_, jobs_.size(), job.name, seconds);
            return;
        }
        const bool known = WIFEXITED(status) && (WEXITSTATUS(status) == kExitUserError || WEXITSTATUS(status) == kExitFinding);
        exit_codes_[child.job] = known ? WEXITSTATUS(status) : kExitBug;
        const std::string ending = WIFSIGNALED(status) ? std::string{"killed by signal: "} + ::strsignal(WTERMSIG(status))
                                                       : "exit " + std::to_string(WEXITSTATUS(status));
        log_.error("[{}/{}] {}: FAILED after {:.1f} s: {}", finished_, jobs_.size(), job.name, seconds,
                   message.empty() ? ending : message);
        log_.error("    to reproduce: {}", job.command);
    }

    const std::vector<PointJob>& jobs_;
    std::string_view version_;
    spdlog::logger& log_;
    std::vector<int> exit_codes_;
    std::map<pid_t, Child> running_;
    std::size_t finished_ = 0;
};

}  // namespace

std::vector<int> run_points(const std::vector<PointJob>& jobs, unsigned at_once, std::string_view version,
                            spdlog::logger& log) {
    return Pool{jobs, version, log}.run(at_once);
}

}  // namespace splinter::platforms
