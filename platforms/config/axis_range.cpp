#include "platforms/config/axis_range.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "hw/base/units.h"
#include "hw/base/user_error.h"
#include "platforms/config/printable.h"

namespace splinter::platforms {
namespace {

constexpr std::size_t kMostValues = 10'000;

enum class Growth { adds, multiplies };

struct Range {
    std::uint64_t low;
    std::uint64_t high;
    std::uint64_t step;
    Growth growth;
    std::string unit;  // of all values; "B" for sizes
};

[[noreturn]] void refuse(const RawValue& value, const std::string& what) {
    throw UserError(value.origin, fmt::format("range \"{}\" {}", printable(value.text), what),
                    "write e.g. \"1..1024 x2\", \"0..100 +10\", \"1..3\" or \"64KiB..1GiB x4\"");
}

struct Number {
    std::uint64_t value;
    std::string unit;
};

Number number_of(const RawValue& value, const std::string& digits, const std::string& unit) {
    std::uint64_t number = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{})
        refuse(value, "has a number that is too large");
    if (!unit.ends_with('B')) return {number, unit};
    const UnitResult<std::uint64_t> bytes = parse_bytes(digits + unit);
    if (const auto* error = std::get_if<UnitError>(&bytes)) refuse(value, "has no size: " + error->text);
    return {std::get<std::uint64_t>(bytes), "B"};
}

// Nothing if the text does not begin as a range does: digits, perhaps a unit, two dots.
std::optional<Range> range_of(const RawValue& value) {
    static const std::regex kBegin{R"(\s*[0-9]+[A-Za-z]*\s*\.\..*)"};
    static const std::regex kRange{
        R"(\s*([0-9]+)([A-Za-z]*)\s*\.\.\s*([0-9]+)([A-Za-z]*)(?:\s+([x+])\s*([0-9]+)([A-Za-z]*))?\s*)"};
    const bool is_text = value.kind == RawKind::string || value.kind == RawKind::command_line;
    if (!is_text || !std::regex_match(value.text, kBegin)) return std::nullopt;
    std::smatch part;
    if (!std::regex_match(value.text, part, kRange)) refuse(value, "cannot be read");
    const Number low = number_of(value, part[1], part[2]);
    const Number high = number_of(value, part[3], part[4]);
    if (low.unit != high.unit) refuse(value, "has ends of different units");
    if (!part[5].matched) {
        if (low.unit == "B") refuse(value, "of sizes needs a step");
        return Range{low.value, high.value, 1, Growth::adds, low.unit};
    }
    const bool multiplies = part[5] == "x";
    const Number step = number_of(value, part[6], part[7]);
    if (multiplies && !step.unit.empty()) refuse(value, "multiplies by a number without a unit only");
    if (!multiplies && step.unit != low.unit) refuse(value, "has a step of another unit than its ends");
    return Range{low.value, high.value, step.value, multiplies ? Growth::multiplies : Growth::adds, low.unit};
}

void check_growth(const RawValue& value, const Range& range) {
    if (range.low > range.high) refuse(value, "begins above its end");
    const bool grows =
        range.growth == Growth::adds ? range.step > 0 : range.step > 1 && (range.low > 0 || range.low == range.high);
    if (!grows) refuse(value, "does not grow");
}

}  // namespace

std::optional<std::vector<RawValue>> expand_range(const RawValue& value) {
    const std::optional<Range> range = range_of(value);
    if (!range) return std::nullopt;
    check_growth(value, *range);
    std::vector<RawValue> values;
    for (std::uint64_t number = range->low;;) {
        if (values.size() == kMostValues) refuse(value, fmt::format("has more than {} values", kMostValues));
        const std::string text = range->unit == "B" ? format_bytes(number) : std::to_string(number) + range->unit;
        const bool is_plain = value.kind == RawKind::string && range->unit.empty();
        values.push_back({is_plain ? RawKind::integer : value.kind, text, {}, value.origin});
        // Written so that nothing overflows.
        const std::uint64_t room = range->growth == Growth::adds ? range->high - number : range->high / range->step;
        if (range->growth == Growth::adds ? range->step > room : number > room || number == 0) break;
        number = range->growth == Growth::adds ? number + range->step : number * range->step;
    }
    return values;
}

void append_expanded(const RawValue& value, std::vector<RawValue>& values) {
    if (const auto range = expand_range(value)) {
        values.insert(values.end(), range->begin(), range->end());
    } else {
        values.push_back(value);
    }
}

}  // namespace splinter::platforms
