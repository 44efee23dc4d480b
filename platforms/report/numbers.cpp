#include "platforms/report/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace splinter::platforms {

namespace {

// Three significant digits of 0 <= value < 1000; whole numbers stay whole. The limits lie half a last digit below the powers
// of ten, so that 9.996 becomes "10.0" and not "10.00".
std::string three_digits(double value) {
    if (value == std::floor(value) || value >= 99.95) return fmt::format("{:.0f}", value);
    if (value >= 9.995) return fmt::format("{:.1f}", value);
    if (value >= 0.095) return fmt::format("{:.2f}", value);
    return fmt::format("{:.2g}", value);
}

}  // namespace

std::string grouped(std::uint64_t value) {
    std::string digits = fmt::format("{}", value);
    for (std::size_t from_end = 3; from_end < digits.size(); from_end += 4) digits.insert(digits.size() - from_end, ",");
    return digits;
}

std::string human_number(double value) {
    if (value < 0) return "-" + human_number(-value);
    if (value < 999.5) return three_digits(value);
    if (value < 9'999'999.5) return grouped(static_cast<std::uint64_t>(std::llround(value)));
    constexpr std::array kScales{'M', 'G', 'T', 'P'};
    double scaled = value / 1e6;
    std::size_t scale = 0;
    for (; scaled >= 999.5 && scale + 1 < kScales.size(); ++scale) scaled /= 1e3;
    return three_digits(scaled) + kScales[scale];
}

std::string human_ratio(const Ratio& ratio) {
    const std::string value = ratio.value < 9.995 ? fmt::format("{:.2f}", ratio.value) : human_number(ratio.value);
    if (!ratio.bounds) return value;
    return value + " +-" + human_number(std::max(ratio.value - ratio.bounds->low, ratio.bounds->high - ratio.value));
}

std::string human_bytes(double value) {
    constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
    return fmt::format("{} {}", value == std::floor(value) ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value),
                       kUnits[unit]);
}

std::string percent_of(std::uint64_t part, std::uint64_t whole) {
    return fmt::format("{:.1f}", whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

}  // namespace splinter::platforms
