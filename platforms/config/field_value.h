// From raw text to a field's value, and back to canonical text.
#pragma once

#include <cstdint>
#include <string>

#include "platforms/config/field.h"
#include "platforms/config/raw.h"

namespace splinter::platforms {

// Checks type, unit, limits and the entry's own range; throws UserError with the value's origin. `hertz` converts ns.
[[nodiscard]] FieldValue parse_field(const Field& field, const RawEntry& entry, std::uint64_t hertz);

// Canonical text with its unit: "200cyc", "64GiB", "freetype", "secretmem+trace". parse_field takes it back.
[[nodiscard]] std::string print_field(const Field& field);

// What the field takes: "a whole number from 1 to 4096", "one of ipi, invlpgb".
[[nodiscard]] std::string allowed_text(const Field& field);

}  // namespace splinter::platforms
