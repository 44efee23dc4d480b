// One line of JSON Lines as a tree of values that know where they stand in the line: nlohmann-json checks the syntax, but its
// own values forget their places, and a refusal has to name file:line:column.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "platforms/workload/kernel_trace_text.h"

namespace splinter::platforms {

class JsonValue {
  public:
    enum class Kind : std::uint8_t { null, boolean, number, text, array, object };

    // The reader's current line, which must be one object. It and its text must outlive the value. Throws UserError with the
    // place: no valid JSON, nested too deep, a key twice in one object.
    static JsonValue read_line(const TraceText& reader);

    // --- an object ---
    // The value of a key; fails if there is none.
    [[nodiscard]] const JsonValue& member(std::string_view key) const;
    [[nodiscard]] const JsonValue* find(std::string_view key) const;
    // Nothing is ignored: fails at the first key that is not one of these.
    void expect_only(std::initializer_list<std::string_view> keys) const;

    // --- an array ---
    [[nodiscard]] const std::vector<JsonValue>& elements() const;

    // --- a scalar; each fails if the value is none of what it names ---
    [[nodiscard]] std::string_view text(const char* what) const;  // as written: escapes are not decoded
    [[nodiscard]] std::uint64_t hex(const char* what, std::uint64_t max = ~std::uint64_t{0}) const;  // a string: "0x1f"
    [[nodiscard]] std::uint64_t number(const char* what, std::uint64_t max) const;
    [[nodiscard]] bool boolean(const char* what) const;

    [[noreturn]] void fail(const std::string& expected) const;

  private:
    friend class JsonTreeBuilder;
    JsonValue(Kind kind, std::string_view key, const TraceText& reader) : kind_{kind}, key_{key}, reader_{&reader} {}

    Kind kind_;
    std::string_view key_;    // inside an object, without quotes
    std::string_view token_;  // all of it as it stands in the line
    const TraceText* reader_;
    std::vector<JsonValue> children_;
};

}  // namespace splinter::platforms
