#include "platforms/validate/validation_row.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/raw_file.h"
#include "platforms/config/suggest.h"

namespace splinter::platforms {
namespace {

const std::vector<std::string> kKeys{"id",   "what",       "unit",           "source",    "metric", "phase",
                                     "note", "published",  "role",           "tolerance", "minus",  "over",
                                     "per",  "slope_over", "intercept_over", "at"};

class RowReader {
  public:
    explicit RowReader(const RawRow& row) : row_{row} {
        for (const auto& [key, entry] : row.values)
            if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end())
                throw UserError(entry.key_origin, fmt::format("unknown key `{}` of a [[row]]", key), did_you_mean(key, kKeys));
    }

    [[nodiscard]] const RawValue* find(const std::string& key) const {
        const auto found = row_.values.find(key);
        return found == row_.values.end() ? nullptr : &found->second.value;
    }
    [[nodiscard]] std::string text(const std::string& key) const {
        const RawValue* value = find(key);
        if (value == nullptr) throw UserError(row_.origin, fmt::format("a [[row]] needs `{}`", key));
        if (value->kind != RawKind::string)
            throw UserError(value->origin, fmt::format("`{}` is {}, expected a string", key, value->text));
        return value->text;
    }
    [[nodiscard]] std::string text_or_none(const std::string& key) const { return find(key) == nullptr ? "" : text(key); }
    [[nodiscard]] double number(const std::string& key) const {
        const RawValue* value = find(key);
        if (value == nullptr) throw UserError(row_.origin, fmt::format("a [[row]] needs `{}`", key));
        double number = 0;
        const auto [stop, error] = std::from_chars(value->text.data(), value->text.data() + value->text.size(), number);
        if (error != std::errc{} || (value->kind != RawKind::integer && value->kind != RawKind::real))
            throw UserError(value->origin, fmt::format("`{}` is {}, expected a number", key, value->text));
        return number;
    }
    // ["workload.user_flush.threads=2", ...]
    [[nodiscard]] std::optional<std::vector<AxisValue>> axes(const std::string& key) const {
        const RawValue* value = find(key);
        if (value == nullptr) return std::nullopt;
        std::vector<AxisValue> axes;
        for (const RawValue& item : value->items) {
            const std::size_t equals = item.text.find('=');
            if (item.kind != RawKind::string || equals == std::string::npos)
                throw UserError(item.origin, fmt::format("`{}` is a list of texts, \"axis=value\"", key));
            axes.push_back({item.text.substr(0, equals), item.text.substr(equals + 1)});
        }
        if (value->kind != RawKind::list)
            throw UserError(value->origin, fmt::format("`{}` is a list of texts, \"axis=value\"", key));
        return axes;
    }

  private:
    const RawRow& row_;
};

ValidationRow::Role role_of(const RowReader& reader) {
    const std::string role = reader.text("role");
    if (role == "fit") return ValidationRow::Role::fit;
    if (role == "derived") return ValidationRow::Role::derived;
    if (role == "prediction") return ValidationRow::Role::prediction;
    throw UserError(reader.find("role")->origin,
                    fmt::format("`role` is \"{}\", expected one of fit, derived, prediction", role));
}

ValidationRow read_row(const RawRow& raw) {
    const RowReader reader{raw};
    ValidationRow row;
    row.origin = raw.origin;
    row.id = reader.text("id");
    row.what = reader.text("what");
    row.unit = reader.text("unit");
    row.source = reader.text("source");
    row.metric = reader.text("metric");
    row.phase = reader.text_or_none("phase");
    row.note = reader.text_or_none("note");
    row.published = reader.number("published");
    row.role = role_of(reader);
    if (reader.find("tolerance") != nullptr) {
        row.tolerance = reader.number("tolerance");
        if (*row.tolerance <= 0 || *row.tolerance >= 1)
            throw UserError(
                reader.find("tolerance")->origin,
                fmt::format("`tolerance` is {}, expected a part of the published value, more than 0 and less than 1",
                            reader.find("tolerance")->text));
    }
    row.at = reader.axes("at").value_or(std::vector<AxisValue>{});
    row.minus = reader.axes("minus");
    row.over = reader.axes("over");
    row.slope_over = reader.text_or_none("slope_over");
    row.intercept_over = reader.text_or_none("intercept_over");
    const int derived =
        (row.minus ? 1 : 0) + (row.over ? 1 : 0) + (row.slope_over.empty() ? 0 : 1) + (row.intercept_over.empty() ? 0 : 1);
    if (reader.find("per") != nullptr) row.per = reader.number("per");
    if (row.per == 0) throw UserError(reader.find("per")->origin, "`per` is 0, by which nothing can be divided");
    if (row.per != 1 && !row.minus)
        throw UserError(reader.find("per")->origin, "`per` divides a difference, and needs `minus`");
    if (derived > 1) throw UserError(raw.origin, "a [[row]] has one of minus, over, slope_over, intercept_over");
    if (row.published == 0) throw UserError(raw.origin, "`published` is 0, to which nothing has a ratio");
    if (row.role == ValidationRow::Role::fit && !row.tolerance)
        throw UserError(raw.origin, "a row that was fitted needs `tolerance`");
    return row;
}

}  // namespace

std::vector<ValidationRow> read_validation_rows(const std::string& path) {
    const RawFile file = read_raw_file(path, "command line");
    if (file.rows.empty()) throw UserError(path, "has no [[row]] to validate");
    std::vector<ValidationRow> rows;
    for (const RawRow& raw : file.rows) {
        ValidationRow row = read_row(raw);
        for (const ValidationRow& other : rows)
            if (other.id == row.id)
                throw UserError(row.origin, fmt::format("the [[row]] at {} has the `id` \"{}\" too", other.origin, row.id));
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace splinter::platforms
