// A cursor over a text of lines and comma-separated fields that knows where it is and fails with path:line:column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace splinter::platforms {

enum class NumberBase : int { decimal = 10, hex = 16 };

// What was found, fit for a one-line message: control and non-ASCII bytes as \xNN, cut after 40 bytes.
[[nodiscard]] std::string quote_bytes(std::string_view bytes);

[[nodiscard]] std::string number_text(std::uint64_t value, NumberBase base);

class TraceText {
  public:
    // Both must outlive this object.
    TraceText(std::string_view text, const std::string& path) : text_{text}, path_{path} {}

    [[nodiscard]] bool at_end() const { return line_start_ == text_.size(); }
    [[nodiscard]] std::string_view line() const { return line_; }
    [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
    // Enters the next line; a last line without a newline is a truncated file.
    void next_line();
    // The next field of the line, up to a comma or the end of the line; fails if there is none.
    std::string_view field(const char* what);
    std::string_view rest_of_line(const char* what);
    std::uint64_t number(const char* what, NumberBase base, std::uint64_t max);
    // The same for a part of the line that was cut out by hand.
    [[nodiscard]] std::uint64_t number_in(std::string_view part, const char* what, NumberBase base, std::uint64_t max) const;
    void expect_end_of_line() const;
    // found: a part of the current line.
    [[noreturn]] void fail(std::string_view found, const std::string& expected) const;

  private:
    [[noreturn]] void fail_at(std::size_t column, const std::string& found, const std::string& expected) const;

    std::string_view text_;
    const std::string& path_;
    std::string_view line_;
    std::size_t line_start_ = 0;   // of the line after the current one
    std::size_t field_start_ = 0;  // in line_; beyond its end when all fields are read
    std::uint64_t line_number_ = 0;
};

}  // namespace splinter::platforms
