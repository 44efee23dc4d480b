// Quantities as people write them: "64GiB", "2.5GHz", "900cyc", "81ns", and back. Strict: no spaces, no unit guessing, no
// silent overflow or rounding (only a duration in ns is rounded, to the nearest cycle). What is wrong with a text is a
// result and not an exception, because only the caller knows where the text came from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "hw/base/types.h"

namespace splinter {

// Why a text is refused and what to write instead: "missing unit, write e.g. \"64GiB\"".
struct UnitError {
    std::string text;
};

template <class T>
using UnitResult = std::variant<T, UnitError>;

[[nodiscard]] UnitResult<std::uint64_t> parse_count(std::string_view text);
[[nodiscard]] UnitResult<std::uint64_t> parse_bytes(std::string_view text);
[[nodiscard]] UnitResult<std::uint64_t> parse_frequency(std::string_view text);
// `hertz` converts nanoseconds; 0 means that no frequency is known and refuses them.
[[nodiscard]] UnitResult<Cycles> parse_cycles(std::string_view text, std::uint64_t hertz);

// Canonical texts; parsing one gives the same value again.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);      // the largest unit that is exact: "64GiB", "1536MiB"
[[nodiscard]] std::string format_frequency(std::uint64_t hertz);  // "2.5GHz"
[[nodiscard]] std::string format_cycles(Cycles cycles);           // "900cyc"

}  // namespace splinter
