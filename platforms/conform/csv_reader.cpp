#include "platforms/conform/csv_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

CsvReader::CsvReader(const std::string& path, std::string_view text) : path_{path}, rest_{text} {
    header_ = split(take_line());
}

bool CsvReader::next_row() {
    if (rest_.empty()) return false;
    const std::string_view line = take_line();
    row_ = split(line);
    if (row_.size() != header_.size())
        fail_at(1, line, fmt::format("{} fields, as the header has, but there are {}", header_.size(), row_.size()));
    return true;
}

std::string_view CsvReader::take_line() {
    ++line_number_;
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) fail_at(1, rest_, "a whole line: the file is truncated");
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::vector<CsvReader::Field> CsvReader::split(std::string_view line) const {
    std::vector<Field> fields;
    for (std::size_t at = 0;; ++at) {
        std::size_t end = std::min(line.find(',', at), line.size());
        if (at < line.size() && line[at] == '"') {
            const std::size_t quote = line.find('"', at + 1);
            if (quote == std::string_view::npos) fail_at(at + 1, line.substr(at), "a closing quote");
            fields.push_back({line.substr(at + 1, quote - at - 1), at + 1});
            end = quote + 1;
            if (end < line.size() && line[end] != ',') fail_at(end + 1, line.substr(end), "a comma after the closing quote");
        } else {
            fields.push_back({line.substr(at, end - at), at});
        }
        if (end == line.size()) return fields;
        at = end;
    }
}

const CsvReader::Field& CsvReader::field(std::string_view column) const {
    for (std::size_t i = 0; i < header_.size(); ++i)
        if (header_[i].text == column) return row_[i];
    throw UserError(path_ + ":1:1", fmt::format("found no column {}, which the table must have", column));
}

std::int64_t CsvReader::number(std::string_view column) const {
    const std::string_view text = field(column).text;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) fail(column, "a decimal number");
    return value;
}

void CsvReader::fail(std::string_view column, const std::string& expected) const {
    const Field& at = field(column);
    fail_at(at.at + 1, at.text, fmt::format("{} in column {}", expected, column));
}

void CsvReader::fail_word(std::string_view column, std::string_view word, const std::string& expected) const {
    const Field& at = field(column);
    fail_at(at.at + static_cast<std::size_t>(word.data() - at.text.data()) + 1, word,
            fmt::format("{} in column {}", expected, column));
}

void CsvReader::fail_at(std::size_t column, std::string_view found, const std::string& expected) const {
    throw UserError(fmt::format("{}:{}:{}", path_, line_number_, column),
                    fmt::format("found {}, expected {}", found.empty() ? "nothing" : quote_bytes(found), expected));
}

}  // namespace splinter::platforms
