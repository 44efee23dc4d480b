// A table of comma-separated values whose first line names the columns; a field may stand in double quotes. Fails with
// path:line:column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace splinter::platforms {

class CsvReader {
  public:
    // Both outlive the reader.
    CsvReader(const std::string& path, std::string_view text);
    // Enters the next row; false: there is none.
    [[nodiscard]] bool next_row();
    [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
    [[nodiscard]] std::string_view text(std::string_view column) const { return field(column).text; }
    // Decimal; deltas may be negative.
    [[nodiscard]] std::int64_t number(std::string_view column) const;
    [[nodiscard]] bool has(std::string_view column) const { return !text(column).empty(); }
    // At the column's field of the row.
    [[noreturn]] void fail(std::string_view column, const std::string& expected) const;
    // At a word of it.
    [[noreturn]] void fail_word(std::string_view column, std::string_view word, const std::string& expected) const;

  private:
    struct Field {
        std::string_view text;  // without quotes
        std::size_t at;         // in the line
    };
    [[nodiscard]] std::vector<Field> split(std::string_view line) const;
    [[nodiscard]] std::string_view take_line();
    [[nodiscard]] const Field& field(std::string_view column) const;
    [[noreturn]] void fail_at(std::size_t column, std::string_view found, const std::string& expected) const;

    const std::string& path_;
    std::string_view rest_;
    std::uint64_t line_number_ = 0;
    std::vector<Field> header_;
    std::vector<Field> row_;
};

}  // namespace splinter::platforms
