#include "platforms/cli/point_pool.h"

#include <poll.h>
#include <algorithm>
#include <list>
#include <memory>
#include <numeric>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "platforms/cli/exit_codes.h"
#include "platforms/cli/memory_budget.h"
#include "platforms/cli/point_process.h"
#include "platforms/cli/progress.h"
#include "platforms/cli/time_left.h"
#include "platforms/report/numbers.h"

namespace splinter::platforms {

namespace {

constexpr int kLookEvery = 250;  // milliseconds: at time and memory

struct Running {
    std::size_t job;
    std::unique_ptr<PointProcess> process;
    std::uint64_t reserved;  // bytes of the budget
    std::string killed;      // by us, and why; "" if not
    bool again = false;      // it was killed for the others' sake
};

class Pool {
  public:
    Pool(const std::vector<PointJob>& jobs, const PoolLimits& limits, std::string_view version, spdlog::logger& log,
         const OnPointEnd& on_end)
        : jobs_{jobs},
          limits_{limits},
          version_{version},
          log_{log},
          on_end_{on_end},
          progress_{log},
          time_left_{jobs},
          exit_codes_(jobs.size(), kExitNotStarted) {}

    std::vector<int> run() {
        waiting_ = order();
        while (!waiting_.empty() || !running_.empty()) {
            while (start_next()) {
            }
            progress_.show(state());
            wait_for_an_end();
            enforce_limits();
        }
        return exit_codes_;
    }

  private:
    // Points with many cores take the longest: started last, they would keep one process busy while the others have nothing to
    // do. What failed before comes last, so that it cannot keep the rest from being done.
    [[nodiscard]] std::list<std::size_t> order() const {
        std::vector<std::size_t> order(jobs_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
            if (jobs_[a].has_failed != jobs_[b].has_failed) return jobs_[b].has_failed;
            return jobs_[a].point.config.hw.cores > jobs_[b].point.config.hw.cores;
        });
        return {order.begin(), order.end()};
    }

    // Starts the first point that fits into the memory that is left; alone, any fits. Returns whether it did.
    bool start_next() {
        if (running_.size() >= limits_.at_once) return false;
        const std::uint64_t reserved =
            std::accumulate(running_.begin(), running_.end(), std::uint64_t{0},
                            [](std::uint64_t sum, const Running& each) { return sum + each.reserved; });
        const std::uint64_t room = limits_.memory_budget - std::min(reserved, limits_.memory_budget);
        const auto fits = [&](std::size_t job) { return running_.empty() || need_of(job) <= room; };
        const auto next = std::find_if(waiting_.begin(), waiting_.end(), fits);
        if (next == waiting_.end()) return false;
        log_.flush();
        running_.push_back({*next, std::make_unique<PointProcess>(jobs_[*next], version_), need_of(*next), "", false});
        log_.debug("{}: started, {} running", jobs_[*next].name, running_.size());
        time_left_.started(*next);
        waiting_.erase(next);
        return true;
    }

    [[nodiscard]] std::uint64_t need_of(std::size_t job) const {
        const bool alone = std::find(alone_.begin(), alone_.end(), job) != alone_.end();
        return alone ? limits_.memory_budget : jobs_[job].estimate.bytes;
    }

    void wait_for_an_end() {
        std::vector<pollfd> ends;
        for (const Running& each : running_) ends.push_back({each.process->descriptor(), POLLIN, 0});
        if (::poll(ends.data(), ends.size(), kLookEvery) <= 0) return;  // a signal, or time
        auto each = running_.begin();
        for (const pollfd& end : ends) {
            if (end.revents == 0) {
                ++each;
                continue;
            }
            const Running ended = std::move(*each);
            each = running_.erase(each);
            finish(ended, ended.process->wait());
        }
    }

    void enforce_limits() {
        if (limits_.point_timeout)
            for (Running& each : running_)
                if (each.killed.empty() && each.process->age() > *limits_.point_timeout)
                    kill(each, fmt::format("stopped after {}, --point-timeout",
                                           human_duration(std::chrono::duration<double>(*limits_.point_timeout).count())));
        std::uint64_t resident = 0;
        for (const Running& each : running_) resident += resident_bytes(each.process->pid());
        if (resident <= limits_.memory_budget || running_.empty() || !running_.back().killed.empty()) return;
        // The last one started gives way, and is tried again when nothing else runs.
        Running& last = running_.back();
        last.again = running_.size() > 1;
        kill(last, fmt::format("stopped at {} of memory, --memory-budget is {}", human_bytes(static_cast<double>(resident)),
                               human_bytes(static_cast<double>(limits_.memory_budget))));
    }

    static void kill(Running& point, const std::string& why) {
        point.killed = why;
        point.process->kill();
    }

    void finish(const Running& ended, PointProcess::End end) {
        time_left_.ended(ended.job, ended.process->age().count());
        if (end.exit_code == kExitOk)
            ended_well(ended, end.cost);
        else if (ended.again)
            run_again(ended.job);
        else if (!ended.killed.empty())
            failed(ended, {kExitDisagreement, ended.killed, end.cost});
        else if (end.exit_code == kExitNotWritten)
            stop_starting(ended, end);
        else
            failed(ended, {end.exit_code, end.message, end.cost});
    }

    void ended_well(const Running& ended, const HostCost& cost) {
        ++done_;
        exit_codes_[ended.job] = kExitOk;
        on_end_(jobs_[ended.job], {kExitOk, "", cost});
        progress_.say_done(
            fmt::format("[{}/{}] {}: {:.1f} s", done_, jobs_.size(), jobs_[ended.job].name, ended.process->age().count()));
    }

    void run_again(std::size_t job) {
        alone_.push_back(job);
        waiting_.push_back(job);
        time_left_.put_back(job);
    }

    void failed(const Running& ended, const PointEnd& end) {
        ++done_;
        ++failed_;
        const PointJob& job = jobs_[ended.job];
        exit_codes_[ended.job] = end.exit_code;
        on_end_(job, end);
        progress_.say_failed(fmt::format("[{}/{}] {}: FAILED after {:.1f} s: {}", done_, jobs_.size(), job.name,
                                         ended.process->age().count(), end.message));
        progress_.say_failed(fmt::format("    to reproduce: {}", job.command));
    }

    // What cannot be written need not be simulated. The points that run may still get their files in.
    void stop_starting(const Running& ended, const PointProcess::End& end) {
        progress_.say_failed(fmt::format("{}: {}", jobs_[ended.job].name, end.message));
        if (!waiting_.empty())
            progress_.say_failed("no more points are started; the same command goes on from here when there is room");
        waiting_.clear();
    }

    [[nodiscard]] ProgressState state() const {
        return {done_,
                jobs_.size(),
                failed_,
                running_.size(),
                std::chrono::duration<double>(PointProcess::Clock::now() - begin_).count(),
                time_left_.seconds(limits_.at_once)};
    }

    const std::vector<PointJob>& jobs_;
    const PoolLimits& limits_;
    std::string_view version_;
    spdlog::logger& log_;
    const OnPointEnd& on_end_;
    Progress progress_;
    TimeLeft time_left_;
    std::vector<int> exit_codes_;
    std::list<std::size_t> waiting_;
    std::vector<std::size_t> alone_;
    std::list<Running> running_;  // in the order of their start
    std::size_t done_ = 0;
    std::size_t failed_ = 0;
    PointProcess::Clock::time_point begin_ = PointProcess::Clock::now();
};

}  // namespace

std::vector<int> run_points(const std::vector<PointJob>& jobs, const PoolLimits& limits, std::string_view version,
                            spdlog::logger& log, const OnPointEnd& on_end) {
    return Pool{jobs, limits, version, log, on_end}.run();
}

}  // namespace splinter::platforms
