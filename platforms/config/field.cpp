#include "platforms/config/field.h"

#include <set>
#include <utility>

#include "hw/base/check.h"

namespace splinter::platforms {
namespace {

class FieldVisitor final : public ParamVisitor {
  public:
    explicit FieldVisitor(const std::function<void(Field&)>& action) : action_{action} {}

    void count(std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) override {
        number(FieldType::count, key, value, limits, text);
    }
    void cycles(std::string_view key, Cycles& value, Limits limits, std::string_view text) override {
        std::uint64_t raw = value.raw();
        number(FieldType::cycles, key, raw, limits, text);
        value = Cycles{raw};
    }
    void bytes(std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) override {
        number(FieldType::bytes, key, value, limits, text);
    }
    void frequency(std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) override {
        number(FieldType::frequency, key, value, limits, text);
    }
    void flag(std::string_view key, bool& value, std::string_view text) override {
        act(Field{path_ + std::string{key}, FieldType::flag, value, {}, {}, std::string{text}}, value);
    }
    void text(std::string_view key, std::string& value, std::string_view text) override {
        act(Field{path_ + std::string{key}, FieldType::text, value, {}, {}, std::string{text}}, value);
    }
    void choice(std::string_view key, std::string& value, const std::vector<std::string>& allowed,
                std::string_view text) override {
        act(Field{path_ + std::string{key}, FieldType::choice, value, {}, allowed, std::string{text}}, value);
    }
    void list(std::string_view key, std::vector<std::string>& value, const std::vector<std::string>& allowed,
              std::string_view text) override {
        act(Field{path_ + std::string{key}, FieldType::list, value, {}, allowed, std::string{text}}, value);
    }
    void enter(std::string_view group) override {
        outer_lengths_.push_back(path_.size());
        path_ += std::string{group} + ".";
    }
    void leave() override {
        path_.resize(outer_lengths_.back());
        outer_lengths_.pop_back();
    }

  private:
    void number(FieldType type, std::string_view key, std::uint64_t& value, Limits limits, std::string_view text) {
        act(Field{path_ + std::string{key}, type, value, limits, {}, std::string{text}}, value);
    }

    template <class T>
    void act(Field field, T& value) {
        SPLINTER_CHECK(seen_.insert(field.key).second, "parameter described twice: " + field.key);
        action_(field);
        value = std::get<T>(std::move(field.value));
    }

    const std::function<void(Field&)>& action_;
    std::string path_;  // "" or "hw.mmu."
    std::vector<std::size_t> outer_lengths_;
    std::set<std::string> seen_;
};

}  // namespace

void for_each_field(const Describe& describe, const std::function<void(Field&)>& action) {
    FieldVisitor visitor{action};
    describe(visitor);
}

}  // namespace splinter::platforms
