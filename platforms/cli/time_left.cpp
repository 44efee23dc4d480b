#include "platforms/cli/time_left.h"

#include <algorithm>

#include "platforms/cli/point_pool.h"

namespace splinter::platforms {

TimeLeft::TimeLeft(const std::vector<PointJob>& jobs) {
    for (const PointJob& job : jobs) jobs_.push_back({job.estimate.seconds.value_or(-1)});
}

void TimeLeft::started(std::size_t job) {
    jobs_[job].state = State::running;
    jobs_[job].started = Clock::now();
}

void TimeLeft::put_back(std::size_t job) { jobs_[job].state = State::waiting; }

void TimeLeft::ended(std::size_t job, double seconds) {
    jobs_[job].state = State::ended;
    ++ended_;
    ended_seconds_ += seconds;
    if (jobs_[job].estimate < 0) return;
    ended_estimates_ += jobs_[job].estimate;
    compared_seconds_ += seconds;
}

double TimeLeft::seconds(unsigned at_once) const {
    // Points run slower than they were estimated on a slow or busy host.
    const double slowness = ended_estimates_ > 0 ? compared_seconds_ / ended_estimates_ : 1;
    double sum = 0;
    std::size_t rest = 0;
    double longest = 0;
    for (const Job& job : jobs_) {
        if (job.state == State::ended) continue;
        ++rest;
        double left = job.estimate * slowness;
        if (job.estimate < 0) {
            if (ended_ == 0) return -1;
            left = ended_seconds_ / static_cast<double>(ended_);
        }
        if (job.state == State::running)
            left = std::max(0.0, left - std::chrono::duration<double>(Clock::now() - job.started).count());
        sum += left;
        longest = std::max(longest, left);
    }
    const auto at_a_time = static_cast<double>(std::clamp<std::size_t>(rest, 1, at_once));
    return std::max(longest, sum / at_a_time);
}

}  // namespace splinter::platforms
