#include "platforms/config/field_value.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "hw/base/check.h"
#include "hw/base/units.h"
#include "hw/base/user_error.h"
#include "platforms/config/printable.h"
#include "platforms/config/suggest.h"

namespace splinter::platforms {
namespace {

constexpr char kListSeparator = '+';

// As it stands in a message: text in quotes, so that 64 and "64" differ.
std::string quoted(const RawValue& raw) {
    const bool is_text = raw.kind == RawKind::string || raw.kind == RawKind::command_line;
    return is_text ? "\"" + printable(raw.text) + "\"" : raw.text;
}

[[noreturn]] void refuse(const Field& field, const RawValue& raw, const std::string& hint = "") {
    constexpr std::size_t kMostNamed = 40;
    const std::string allowed = field.allowed.size() <= kMostNamed
                                    ? allowed_text(field)
                                    : fmt::format("{} of the {} names that `splinter list` prints",
                                                  field.type == FieldType::list ? "some" : "one", field.allowed.size());
    throw UserError(raw.origin, fmt::format("`{}` is {}, expected {}", field.key, quoted(raw), allowed), hint);
}

bool is_number(FieldType type) {
    return type == FieldType::count || type == FieldType::cycles || type == FieldType::bytes || type == FieldType::frequency;
}

std::string print_number(FieldType type, std::uint64_t number) {
    switch (type) {
        case FieldType::cycles:
            return format_cycles(Cycles{number});
        case FieldType::bytes:
            return format_bytes(number);
        case FieldType::frequency:
            return format_frequency(number);
        default:
            return std::to_string(number);
    }
}

UnitResult<std::uint64_t> number_of(FieldType type, const std::string& text, std::uint64_t hertz) {
    switch (type) {
        case FieldType::cycles: {
            const auto parsed = parse_cycles(text, hertz);
            if (const auto* error = std::get_if<UnitError>(&parsed)) return *error;
            return std::get<Cycles>(parsed).raw();
        }
        case FieldType::bytes:
            return parse_bytes(text);
        case FieldType::frequency:
            return parse_frequency(text);
        default:
            return parse_count(text);
    }
}

std::uint64_t parse_number(const Field& field, const RawValue& raw, std::uint64_t hertz) {
    // A bare number goes on to the unit parser, which says what is missing; a quoted count is a string.
    const bool is_bare = raw.kind == RawKind::integer || raw.kind == RawKind::real;
    const bool is_quoted = raw.kind == RawKind::string && field.type != FieldType::count;
    if (!is_bare && !is_quoted && raw.kind != RawKind::command_line) refuse(field, raw);
    const auto parsed = number_of(field.type, raw.text, hertz);
    if (const auto* error = std::get_if<UnitError>(&parsed)) {
        throw UserError(raw.origin, fmt::format("`{}` is {}: {}", field.key, quoted(raw), error->text));
    }
    return std::get<std::uint64_t>(parsed);
}

std::uint64_t parse_limited_number(const Field& field, const RawEntry& entry, std::uint64_t hertz) {
    const std::uint64_t number = parse_number(field, entry.value, hertz);
    if (number < field.limits.min || number > field.limits.max) refuse(field, entry.value);
    if (!entry.range) return number;

    const std::uint64_t low = parse_number(field, entry.range->low, hertz);
    const std::uint64_t high = parse_number(field, entry.range->high, hertz);
    if (low > high) {
        throw UserError(entry.range->low.origin, fmt::format("`range` of `{}` begins above its end", field.key));
    }
    if (number < low || number > high) {
        throw UserError(entry.value.origin,
                        fmt::format("`{}` is {}, outside its own range {} to {}", field.key, quoted(entry.value),
                                    quoted(entry.range->low), quoted(entry.range->high)));
    }
    return number;
}

bool parse_flag(const Field& field, const RawValue& raw) {
    const bool is_flag = raw.kind == RawKind::boolean || raw.kind == RawKind::command_line;
    if (!is_flag || (raw.text != "true" && raw.text != "false")) refuse(field, raw);
    return raw.text == "true";
}

void check_name(const Field& field, const RawValue& raw) {
    if (field.allowed.empty() || std::ranges::find(field.allowed, raw.text) != field.allowed.end()) return;
    refuse(field, raw, did_you_mean(raw.text, field.allowed));
}

std::string parse_text(const Field& field, const RawValue& raw) {
    if (raw.kind != RawKind::string && raw.kind != RawKind::command_line) refuse(field, raw);
    check_name(field, raw);
    return raw.text;
}

// "a+b" as a list; the empty text is the empty list.
std::vector<RawValue> split_list(const RawValue& raw) {
    std::vector<RawValue> items;
    for (std::size_t begin = 0; !raw.text.empty() && begin <= raw.text.size();) {
        const std::size_t end = std::min(raw.text.find(kListSeparator, begin), raw.text.size());
        items.push_back({RawKind::string, raw.text.substr(begin, end - begin), {}, raw.origin});
        begin = end + 1;
    }
    return items;
}

std::vector<std::string> parse_list(const Field& field, const RawValue& raw) {
    const bool is_joined = raw.kind == RawKind::string || raw.kind == RawKind::command_line;
    if (!is_joined && raw.kind != RawKind::list) refuse(field, raw);
    std::vector<std::string> names;
    for (const RawValue& item : is_joined ? split_list(raw) : raw.items) {
        // '+' joins the names of a list in its canonical text.
        const bool is_name =
            item.kind == RawKind::string && !item.text.empty() && item.text.find(kListSeparator) == std::string::npos;
        if (!is_name) refuse(field, item);
        check_name(field, item);
        if (std::ranges::find(names, item.text) != names.end()) {
            throw UserError(item.origin, fmt::format("`{}` names \"{}\" twice", field.key, item.text));
        }
        names.push_back(item.text);
    }
    return names;
}

std::string limits_text(const Field& field) {
    constexpr Limits kAny;
    const std::string low = print_number(field.type, field.limits.min);
    const std::string high = print_number(field.type, field.limits.max);
    if (field.limits.max != kAny.max) return fmt::format(" from {} to {}", low, high);
    return field.limits.min != kAny.min ? fmt::format(" of at least {}", low) : "";
}

}  // namespace

FieldValue parse_field(const Field& field, const RawEntry& entry, std::uint64_t hertz) {
    if (is_number(field.type)) return parse_limited_number(field, entry, hertz);
    if (entry.range) {
        throw UserError(entry.range->low.origin, fmt::format("`{}` is not a number and has no `range`", field.key));
    }
    if (field.type == FieldType::flag) return parse_flag(field, entry.value);
    if (field.type == FieldType::list) return parse_list(field, entry.value);
    return parse_text(field, entry.value);
}

std::string print_field(const Field& field) {
    if (is_number(field.type)) return print_number(field.type, std::get<std::uint64_t>(field.value));
    if (field.type == FieldType::flag) return std::get<bool>(field.value) ? "true" : "false";
    if (field.type == FieldType::list) {
        return fmt::format("{}", fmt::join(std::get<std::vector<std::string>>(field.value), std::string{kListSeparator}));
    }
    return std::get<std::string>(field.value);
}

std::string allowed_text(const Field& field) {
    switch (field.type) {
        case FieldType::count:
            return "a whole number" + limits_text(field);
        case FieldType::cycles:
            return "a duration" + limits_text(field);
        case FieldType::bytes:
            return "a size" + limits_text(field);
        case FieldType::frequency:
            return "a frequency" + limits_text(field);
        case FieldType::flag:
            return "true or false";
        case FieldType::text:
            return "a string";
        case FieldType::choice:
            return fmt::format("one of {}", fmt::join(field.allowed, ", "));
        case FieldType::list:
            return field.allowed.empty() ? "a list of names" : fmt::format("a list of {}", fmt::join(field.allowed, ", "));
    }
    SPLINTER_CHECK(false, "field type");
    return "";
}

}  // namespace splinter::platforms
