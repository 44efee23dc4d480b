#include "platforms/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "platforms/report/numbers.h"

namespace splinter::platforms {

namespace {

constexpr auto kInterval = std::chrono::milliseconds{200};
constexpr std::size_t kBar = 12;  // all else fits beside it into 80 columns
constexpr std::size_t kUsualWidth = 80;

std::size_t terminal_width() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualWidth;
}

// A terminal that can go back to the begin of a line.
bool is_terminal() {
    const char* kind = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view{kind} != "dumb";
}

std::string rate(const ProgressState& state) {
    const double per_minute = 60 * static_cast<double>(state.done) / state.elapsed;
    return per_minute < 90 ? human_number(per_minute) + " points/min" : human_number(per_minute / 60) + " points/s";
}

}  // namespace

std::string human_duration(double seconds) {
    if (seconds < 59.5) return fmt::format("{:.{}f} s", seconds, seconds < 9.95 ? 1 : 0);
    const auto minutes = static_cast<std::uint64_t>(std::llround(seconds / 60));
    if (minutes < 60) return fmt::format("{} min", minutes);
    return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string progress_line(const ProgressState& state, std::size_t width) {
    const std::size_t filled = state.points == 0 ? kBar : kBar * state.done / state.points;
    std::string line = fmt::format("[{:#<{}}{:.<{}}] {}/{} points", "", filled, "", kBar - filled, state.done, state.points);
    if (state.failed > 0) line += fmt::format(", {} failed", state.failed);
    line += fmt::format(", {} running", state.running);
    if (state.done > 0 && state.elapsed > 0) line += ", " + rate(state);
    if (state.seconds_left >= 0) line += fmt::format(", about {} left", human_duration(state.seconds_left));
    return line.substr(0, width);
}

Progress::Progress(spdlog::logger& log) : log_{log}, on_terminal_{is_terminal() && log.should_log(spdlog::level::info)} {}

Progress::~Progress() { clear(); }

void Progress::say_done(const std::string& text) {
    if (on_terminal_ && !log_.should_log(spdlog::level::debug)) return;
    clear();
    log_.info("{}", text);
}

void Progress::say_failed(const std::string& text) {
    clear();
    log_.error("{}", text);
}

void Progress::show(const ProgressState& state) {
    const auto now = std::chrono::steady_clock::now();
    if (!on_terminal_ || (shown_ && now < next_)) return;
    next_ = now + kInterval;
    // A full last column would wrap the line.
    std::fprintf(stderr, "\r\033[K%s", progress_line(state, terminal_width() - 1).c_str());
    std::fflush(stderr);
    shown_ = true;
}

void Progress::clear() {
    if (!shown_) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    shown_ = false;
}

}  // namespace splinter::platforms
