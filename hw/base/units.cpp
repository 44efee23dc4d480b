// A quantity is a decimal number and a unit; all arithmetic is in 128-bit integers, so that nothing is lost on the way.
#include "hw/base/units.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace splinter {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr unsigned kMaxPlaces = 9;  // after the decimal point; keeps every product below 128 bits
constexpr std::string_view kTooLarge = "too large for 64 bits";

struct Unit {
    std::string_view name;
    std::uint64_t scale;
};

// Smallest first, as the printing functions rely on.
constexpr Unit kByteUnits[] = {{"B", 1},
                               {"KiB", std::uint64_t{1} << 10},
                               {"MiB", std::uint64_t{1} << 20},
                               {"GiB", std::uint64_t{1} << 30},
                               {"TiB", std::uint64_t{1} << 40}};
constexpr Unit kFrequencyUnits[] = {{"Hz", 1}, {"kHz", 1'000}, {"MHz", 1'000'000}, {"GHz", 1'000'000'000}};
constexpr std::string_view kByteExample = "\"64GiB\"";
constexpr std::string_view kFrequencyExample = "\"2.5GHz\"";
constexpr std::string_view kCycleExample = "\"900cyc\" or \"81ns\"";

// digits / 10^places, followed by `unit` (all that comes after the number).
struct Decimal {
    std::uint64_t digits = 0;
    unsigned places = 0;
    std::string_view unit;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::uint64_t power_of_ten(unsigned exponent) {
    std::uint64_t power = 1;
    for (unsigned i = 0; i < exponent; ++i) power *= 10;
    return power;
}

UnitResult<Decimal> split_number(std::string_view text, std::string_view example) {
    if (text.empty()) return UnitError{fmt::format("nothing given, write e.g. {}", example)};
    if (text.front() == '-') return UnitError{fmt::format("must not be negative, write e.g. {}", example)};
    const UnitError garbage{fmt::format("not a number, write e.g. {}", example)};
    if (!is_digit(text.front())) return garbage;

    Decimal number;
    Wide digits = 0;
    std::size_t pos = 0;
    bool in_fraction = false;
    for (; pos < text.size(); ++pos) {
        if (text[pos] == '.' && !in_fraction) {
            in_fraction = true;
            continue;
        }
        if (!is_digit(text[pos])) break;
        digits = digits * 10 + static_cast<unsigned>(text[pos] - '0');
        if (digits > kMax) return UnitError{std::string{kTooLarge}};
        if (in_fraction && ++number.places > kMaxPlaces) {
            return UnitError{fmt::format("more than {} decimal places", kMaxPlaces)};
        }
    }
    if (in_fraction && number.places == 0) return garbage;  // "2.GHz"
    number.digits = static_cast<std::uint64_t>(digits);
    number.unit = text.substr(pos);
    return number;
}

UnitError wrong_unit(std::string_view unit, std::string_view allowed, std::string_view example) {
    if (unit.empty()) return {fmt::format("missing unit, write e.g. {}", example)};
    return {fmt::format("unknown unit \"{}\" (known: {}), write e.g. {}", unit, allowed, example)};
}

UnitResult<std::uint64_t> whole_number(const Decimal& number, std::uint64_t scale, std::string_view of_what) {
    const Wide scaled = Wide{number.digits} * scale;
    const std::uint64_t divisor = power_of_ten(number.places);
    if (scaled % divisor != 0) return UnitError{fmt::format("not a whole number of {}", of_what)};
    if (scaled / divisor > kMax) return UnitError{std::string{kTooLarge}};
    return static_cast<std::uint64_t>(scaled / divisor);
}

UnitResult<std::uint64_t> parse_scaled(std::string_view text, std::span<const Unit> units, std::string_view example,
                                       std::string_view of_what) {
    const auto split = split_number(text, example);
    if (const auto* error = std::get_if<UnitError>(&split)) return *error;
    const Decimal& number = std::get<Decimal>(split);
    const auto unit = std::ranges::find(units, number.unit, &Unit::name);
    if (unit != units.end()) return whole_number(number, unit->scale, of_what);

    std::string known;
    for (const Unit& each : units) known += (known.empty() ? "" : ", ") + std::string{each.name};
    return wrong_unit(number.unit, known, example);
}

UnitResult<Cycles> nanoseconds_to_cycles(const Decimal& number, std::uint64_t hertz) {
    if (hertz == 0) return UnitError{"no frequency is known that converts ns to cycles"};
    const Wide divisor = Wide{kNanosecondsPerSecond} * power_of_ten(number.places);
    const Wide rounded = (Wide{number.digits} * hertz + divisor / 2) / divisor;
    if (rounded > kMax) return UnitError{std::string{kTooLarge}};
    return Cycles{static_cast<std::uint64_t>(rounded)};
}

}  // namespace

UnitResult<std::uint64_t> parse_count(std::string_view text) {
    constexpr std::string_view kExample = "64";
    const auto split = split_number(text, kExample);
    if (const auto* error = std::get_if<UnitError>(&split)) return *error;
    const Decimal& number = std::get<Decimal>(split);
    if (number.places != 0) return UnitError{fmt::format("not a whole number, write e.g. {}", kExample)};
    if (!number.unit.empty()) return UnitError{fmt::format("\"{}\" after the number, write e.g. {}", number.unit, kExample)};
    return number.digits;
}

UnitResult<std::uint64_t> parse_bytes(std::string_view text) { return parse_scaled(text, kByteUnits, kByteExample, "bytes"); }

UnitResult<std::uint64_t> parse_frequency(std::string_view text) {
    return parse_scaled(text, kFrequencyUnits, kFrequencyExample, "hertz");
}

UnitResult<Cycles> parse_cycles(std::string_view text, std::uint64_t hertz) {
    const auto split = split_number(text, kCycleExample);
    if (const auto* error = std::get_if<UnitError>(&split)) return *error;
    const Decimal& number = std::get<Decimal>(split);
    if (number.unit == "ns") return nanoseconds_to_cycles(number, hertz);
    if (number.unit != "cyc") return wrong_unit(number.unit, "cyc, ns", kCycleExample);
    const auto whole = whole_number(number, 1, "cycles");
    if (const auto* error = std::get_if<UnitError>(&whole)) return *error;
    return Cycles{std::get<std::uint64_t>(whole)};
}

std::string format_bytes(std::uint64_t bytes) {
    Unit best = kByteUnits[0];
    for (const Unit& unit : kByteUnits) {
        if (bytes != 0 && bytes % unit.scale == 0) best = unit;
    }
    return fmt::format("{}{}", bytes / best.scale, best.name);
}

std::string format_frequency(std::uint64_t hertz) {
    Unit best = kFrequencyUnits[0];
    for (const Unit& unit : kFrequencyUnits) {
        if (hertz >= unit.scale) best = unit;
    }
    std::string fraction;
    for (std::uint64_t rest = hertz % best.scale, scale = best.scale / 10; rest != 0; rest %= scale, scale /= 10) {
        fraction += static_cast<char>('0' + rest / scale);
    }
    return fmt::format("{}{}{}{}", hertz / best.scale, fraction.empty() ? "" : ".", fraction, best.name);
}

std::string format_cycles(Cycles cycles) { return fmt::format("{}cyc", cycles.raw()); }

}  // namespace splinter
