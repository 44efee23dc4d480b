// How long the rest of a sweep will take: its estimates, corrected by how the points that ended compare with theirs.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace splinter::platforms {

struct PointJob;

class TimeLeft {
  public:
    explicit TimeLeft(const std::vector<PointJob>& jobs);

    void started(std::size_t job);
    void put_back(std::size_t job);
    void ended(std::size_t job, double seconds);

    // With so many points at a time. Below 0: nothing is known of some of them.
    [[nodiscard]] double seconds(unsigned at_once) const;

  private:
    using Clock = std::chrono::steady_clock;
    enum class State { waiting, running, ended };
    struct Job {
        double estimate;  // of CPU time; below 0: none
        State state = State::waiting;
        Clock::time_point started{};
    };
    std::vector<Job> jobs_;
    double ended_seconds_ = 0;    // of all that ended
    double ended_estimates_ = 0;  // of those that had one
    double compared_seconds_ = 0;
    std::size_t ended_ = 0;
};

}  // namespace splinter::platforms
