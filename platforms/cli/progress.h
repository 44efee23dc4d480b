// How far a sweep is, on standard error: on a terminal one line that is written again and again, with the rate and the time
// left; elsewhere a plain line per point.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace splinter::platforms {

// What the line says, as values.
struct ProgressState {
    std::size_t done;    // points that ended, also those that failed
    std::size_t points;  // to be simulated
    std::size_t failed;
    std::size_t running;
    double elapsed;       // seconds
    double seconds_left;  // below 0: not known
};

// "[#####.....] 12/96 points, 1 failed, 2 running, 3.4 points/min, about 25 min left", in at most `width` columns.
[[nodiscard]] std::string progress_line(const ProgressState& state, std::size_t width);

// "45 s", "12 min", "3 h 5 min".
[[nodiscard]] std::string human_duration(double seconds);

class Progress {
  public:
    explicit Progress(spdlog::logger& log);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // A point that succeeded: a plain line, unless the line on the terminal says it.
    void say_done(const std::string& text);
    // Everything else, above the line.
    void say_failed(const std::string& text);
    // Nothing but on a terminal, and there a few times a second at most.
    void show(const ProgressState& state);

  private:
    void clear();
    spdlog::logger& log_;
    bool on_terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point next_{};
};

}  // namespace splinter::platforms
