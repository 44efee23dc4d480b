// One parameter as data. The nine calls of a ParamVisitor become one callback, so that loading, explaining and the
// generated reference are each a loop over fields.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "hw/base/params.h"

namespace splinter::platforms {

enum class FieldType { count, cycles, bytes, frequency, flag, text, choice, list };

// A number is in the field's own unit: entries, cycles, bytes, hertz.
using FieldValue = std::variant<std::uint64_t, bool, std::string, std::vector<std::string>>;

struct Field {
    std::string key;  // full path, "hw.mmu.l1d.entries"
    FieldType type = FieldType::text;
    FieldValue value;
    Limits limits;                     // of a number
    std::vector<std::string> allowed;  // of a choice or a list
    std::string text;                  // the sentence
};

// Shows a visitor all fields of one configuration: [&](ParamVisitor& v) { describe(config, v); }
using Describe = std::function<void(ParamVisitor&)>;

// Calls `action` for each field in the order of the description, with the field's present value. What the action leaves in
// `value` (same type) is stored back.
void for_each_field(const Describe& describe, const std::function<void(Field&)>& action);

}  // namespace splinter::platforms
