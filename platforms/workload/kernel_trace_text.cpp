#include "platforms/workload/kernel_trace_text.h"

#include <array>
#include <charconv>
#include <system_error>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

constexpr std::size_t kQuotedBytes = 40;

std::string range_text(const char* what, NumberBase base, std::uint64_t max) {
    const std::string digits = base == NumberBase::hex ? " (hexadecimal, 0 to " : " (decimal, 0 to ";
    return what + digits + number_text(max, base) + ")";
}

}  // namespace

std::string quote_bytes(std::string_view bytes) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string out = "'";
    for (const char c : bytes.substr(0, kQuotedBytes)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            out += c;
        } else {
            out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return out + (bytes.size() > kQuotedBytes ? "'..." : "'");
}

std::string number_text(std::uint64_t value, NumberBase base) {
    std::array<char, 20> digits{};  // of 2^64 in decimal
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, static_cast<int>(base));
    return {digits.data(), end.ptr};
}

void TraceText::next_line() {
    ++line_number_;
    field_start_ = 0;
    const std::size_t end = text_.find('\n', line_start_);
    line_ = text_.substr(line_start_, end == std::string_view::npos ? end : end - line_start_);
    if (end == std::string_view::npos) {
        fail_at(line_.size(), "the end of the file", "a newline (the file is cut off in this line)");
    }
    line_start_ = end + 1;
}

std::string_view TraceText::field(const char* what) {
    if (field_start_ > line_.size()) fail_at(line_.size(), "the end of the line", std::string{"another field: "} + what);
    const std::size_t comma = line_.find(',', field_start_);
    const std::size_t end = comma == std::string_view::npos ? line_.size() : comma;
    const std::string_view part = line_.substr(field_start_, end - field_start_);
    field_start_ = end + 1;
    return part;
}

std::string_view TraceText::rest_of_line(const char* what) {
    if (field_start_ > line_.size()) fail_at(line_.size(), "the end of the line", std::string{"another field: "} + what);
    const std::string_view part = line_.substr(field_start_);
    field_start_ = line_.size() + 1;
    return part;
}

std::uint64_t TraceText::number(const char* what, NumberBase base, std::uint64_t max) {
    return number_in(field(what), what, base, max);
}

std::uint64_t TraceText::number_in(std::string_view part, const char* what, NumberBase base, std::uint64_t max) const {
    std::uint64_t value = 0;
    const char* const end = part.data() + part.size();
    const auto parsed = std::from_chars(part.data(), end, value, static_cast<int>(base));
    if (parsed.ec != std::errc{} || parsed.ptr != end || value > max) fail(part, range_text(what, base, max));
    return value;
}

void TraceText::expect_end_of_line() const {
    if (field_start_ <= line_.size()) fail(line_.substr(field_start_ - 1), "the end of the line");
}

void TraceText::fail(std::string_view found, const std::string& expected) const {
    fail_at(static_cast<std::size_t>(found.data() - line_.data()), found.empty() ? "nothing" : quote_bytes(found), expected);
}

void TraceText::fail_at(std::size_t column, const std::string& found, const std::string& expected) const {
    throw UserError(path_ + ":" + std::to_string(line_number_) + ":" + std::to_string(column + 1),
                    "found " + found + ", expected " + expected);
}

}  // namespace splinter::platforms
