#include "platforms/conform/json_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace splinter::platforms {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxDepth = 16;  // values are destroyed recursively: a line of brackets must not exhaust the stack

}  // namespace

// Follows the events of nlohmann's parser with a cursor in the line: when an event comes, everything before the end of its
// token is known to be valid.
class JsonTreeBuilder : public nlohmann::json_sax<Json> {
  public:
    explicit JsonTreeBuilder(const TraceText& reader) : reader_{reader}, line_{reader.line()} {}

    JsonValue take() { return std::move(root_.front()); }

    bool null() override { return add(JsonValue::Kind::null, word()); }
    bool boolean(bool) override { return add(JsonValue::Kind::boolean, word()); }
    bool number_integer(number_integer_t) override { return add(JsonValue::Kind::number, word()); }
    bool number_unsigned(number_unsigned_t) override { return add(JsonValue::Kind::number, word()); }
    bool number_float(number_float_t, const string_t&) override { return add(JsonValue::Kind::number, word()); }
    bool string(string_t&) override { return add(JsonValue::Kind::text, quoted()); }
    bool binary(binary_t&) override { return false; }  // of binary formats only
    bool start_object(std::size_t) override { return open(JsonValue::Kind::object); }
    bool start_array(std::size_t) override { return open(JsonValue::Kind::array); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t&) override {
        const std::string_view token = quoted();
        key_ = token.substr(1, token.size() - 2);
        if (open_.back()->find(key_) != nullptr) reader_.fail(token, "each key once");
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
        const std::string_view why = error.what();
        const std::size_t expected = why.rfind("; expected ");
        // The bad token begins behind the last good one and what separates them, unless a separator is what is bad: the parser
        // has read up to `position`. (Its text of the token can still be that of the good one.)
        const std::size_t start = std::min(token_start(), std::max<std::size_t>(position, 1) - 1);
        reader_.fail(line_.substr(start), expected == std::string_view::npos
                                              ? "valid JSON"
                                              : fmt::format("valid JSON, here {}", why.substr(expected + 11)));
    }

  private:
    std::size_t token_start() const { return std::min(line_.find_first_not_of(" \t\r,:", cursor_), line_.size()); }
    std::string_view take_until(std::size_t start, std::size_t end) {
        cursor_ = std::min(end, line_.size());
        return line_.substr(start, cursor_ - start);
    }
    // A number, true, false or null.
    std::string_view word() {
        const std::size_t start = token_start();
        return take_until(start, line_.find_first_of(" \t\r,:]}", start));
    }
    std::string_view quoted() {
        const std::size_t start = token_start();
        std::size_t end = line_.find('"', start + 1);
        while (backslashes_before(end) % 2 != 0) end = line_.find('"', end + 1);
        return take_until(start, end + 1);
    }
    std::size_t backslashes_before(std::size_t at) const {
        const std::size_t other = line_.find_last_not_of('\\', at - 1);
        return at - 1 - other;
    }

    JsonValue& place(JsonValue::Kind kind) {
        std::vector<JsonValue>& siblings = open_.empty() ? root_ : open_.back()->children_;
        siblings.push_back(JsonValue{kind, key_, reader_});
        key_ = {};
        return siblings.back();
    }
    bool add(JsonValue::Kind kind, std::string_view token) {
        place(kind).token_ = token;
        return true;
    }
    bool open(JsonValue::Kind kind) {
        const std::size_t start = token_start();
        if (open_.size() == kMaxDepth) reader_.fail(line_.substr(start), fmt::format("at most {} levels of values", kMaxDepth));
        JsonValue& value = place(kind);
        value.token_ = take_until(start, start + 1);
        open_.push_back(&value);  // stays where it is: its siblings come after it is closed
        return true;
    }
    bool close() {
        const std::size_t start = static_cast<std::size_t>(open_.back()->token_.data() - line_.data());
        open_.back()->token_ = take_until(start, token_start() + 1);
        open_.pop_back();
        return true;
    }

    const TraceText& reader_;
    std::string_view line_;
    std::size_t cursor_ = 0;
    std::string_view key_;
    std::vector<JsonValue> root_;  // empty, or one
    std::vector<JsonValue*> open_;
};

JsonValue JsonValue::read_line(const TraceText& reader) {
    const std::string_view line = reader.line();
    if (!line.starts_with('{')) reader.fail(line, "a JSON object, {...}");
    JsonTreeBuilder builder{reader};
    if (!Json::sax_parse(line.begin(), line.end(), &builder)) reader.fail(line, "valid JSON");
    return builder.take();
}

const JsonValue* JsonValue::find(std::string_view key) const {
    if (kind_ != Kind::object) fail("an object, {...}");
    const auto found = std::find_if(children_.begin(), children_.end(), [&](const JsonValue& one) { return one.key_ == key; });
    return found == children_.end() ? nullptr : &*found;
}

const JsonValue& JsonValue::member(std::string_view key) const {
    const JsonValue* const found = find(key);
    if (found == nullptr) fail(fmt::format("an object with the key \"{}\"", key));
    return *found;
}

void JsonValue::expect_only(std::initializer_list<std::string_view> keys) const {
    if (kind_ != Kind::object) fail("an object, {...}");
    for (const JsonValue& child : children_)
        if (std::find(keys.begin(), keys.end(), child.key_) == keys.end())
            reader_->fail(child.key_, fmt::format("one of the keys {}", fmt::join(keys, ", ")));
}

const std::vector<JsonValue>& JsonValue::elements() const {
    if (kind_ != Kind::array) fail("an array, [...]");
    return children_;
}

std::string_view JsonValue::text(const char* what) const {
    if (kind_ != Kind::text) fail(what);
    return token_.substr(1, token_.size() - 2);
}

std::uint64_t JsonValue::hex(const char* what, std::uint64_t max) const {
    const std::string_view digits = kind_ == Kind::text ? text(what) : std::string_view{};
    if (!digits.starts_with("0x")) fail(fmt::format("{}, \"0x...\"", what));
    return reader_->number_in(digits.substr(2), what, NumberBase::hex, max);
}

std::uint64_t JsonValue::number(const char* what, std::uint64_t max) const {
    if (kind_ != Kind::number) fail(fmt::format("{}, a number up to {}", what, max));
    return reader_->number_in(token_, what, NumberBase::decimal, max);
}

bool JsonValue::boolean(const char* what) const {
    if (kind_ != Kind::boolean) fail(fmt::format("{}, true or false", what));
    return token_ == "true";
}

void JsonValue::fail(const std::string& expected) const { reader_->fail(token_, expected); }

}  // namespace splinter::platforms
