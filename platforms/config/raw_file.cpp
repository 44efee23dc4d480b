#include "platforms/config/raw_file.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "hw/base/user_error.h"
#include "platforms/config/file_text.h"
#include "platforms/config/leading_comment.h"
#include "platforms/config/printable.h"

namespace splinter::platforms {
namespace {

constexpr std::string_view kConfidences[] = {"H", "M", "L", "MEM", "assumed"};

class Flattener {
  public:
    explicit Flattener(std::string path) : path_{std::move(path)} {}

    [[nodiscard]] RawFile file(const toml::table& root) const;

  private:
    using Placed = std::pair<toml::source_position, RawAxis>;

    [[nodiscard]] std::string place(const toml::source_region& region) const;
    [[nodiscard]] RawValue value(const toml::node& node) const;
    [[nodiscard]] RawEntry leaf(const toml::key& key, const toml::node& node) const;
    [[nodiscard]] RawEntry leaf_with_metadata(const toml::key& key, const toml::table& table) const;
    [[nodiscard]] RawRange range(const toml::node& node) const;
    [[nodiscard]] std::string string(const toml::key& key, const toml::node& node) const;
    void flatten(const std::string& key, const toml::key& last, const toml::node& node, RawTable& into) const;
    void includes(const toml::node& node, RawFile& into) const;
    void collect_axes(const std::string& prefix, const toml::table& table, std::vector<Placed>& into) const;
    void axes(const toml::node& node, RawFile& into) const;
    void rows(const toml::node& node, RawFile& into) const;

    std::string path_;
};

std::string Flattener::place(const toml::source_region& region) const {
    return fmt::format("{}:{}:{}", path_, region.begin.line, region.begin.column);
}

RawValue Flattener::value(const toml::node& node) const {
    RawValue raw;
    raw.origin = place(node.source());
    if (const auto* integer = node.as_integer()) {
        raw.kind = RawKind::integer;
        raw.text = std::to_string(integer->get());
    } else if (const auto* real = node.as_floating_point()) {
        raw.kind = RawKind::real;
        raw.text = fmt::format("{}", real->get());
    } else if (const auto* boolean = node.as_boolean()) {
        raw.kind = RawKind::boolean;
        raw.text = boolean->get() ? "true" : "false";
    } else if (const auto* string = node.as_string()) {
        raw.kind = RawKind::string;
        raw.text = string->get();
    } else if (const auto* array = node.as_array()) {
        raw.kind = RawKind::list;
        raw.text = "a list";
        for (const toml::node& item : *array) raw.items.push_back(value(item));
    } else {
        raw.text = node.is_table() ? "a table" : "a date or time";
    }
    return raw;
}

std::string Flattener::string(const toml::key& key, const toml::node& node) const {
    const auto* text = node.as_string();
    if (text == nullptr) throw UserError(place(node.source()), fmt::format("`{}` must be a string", key.str()));
    return text->get();
}

RawRange Flattener::range(const toml::node& node) const {
    const auto* array = node.as_array();
    if (array == nullptr || array->size() != 2) {
        throw UserError(place(node.source()), "`range` must be a list of two values, the lowest and the highest");
    }
    return {value((*array)[0]), value((*array)[1])};
}

RawEntry Flattener::leaf(const toml::key& key, const toml::node& node) const {
    RawEntry entry;
    entry.key_origin = place(key.source());
    entry.value = value(node);
    return entry;
}

RawEntry Flattener::leaf_with_metadata(const toml::key& key, const toml::table& table) const {
    RawEntry entry;
    for (const auto& [name, node] : table) {
        if (name == "value") {
            entry.value = value(node);
        } else if (name == "range") {
            entry.range = range(node);
        } else if (name == "source") {
            entry.source = string(name, node);
        } else if (name == "confidence") {
            entry.confidence = string(name, node);
            if (std::ranges::find(kConfidences, entry.confidence) == std::end(kConfidences)) {
                throw UserError(place(node.source()), fmt::format("`confidence` is \"{}\", expected one of {}",
                                                                  printable(entry.confidence), fmt::join(kConfidences, ", ")));
            }
        } else if (name == "note") {
            std::ignore = string(name, node);
        } else {
            throw UserError(
                place(name.source()),
                fmt::format("unknown `{}` beside `value`, allowed are range, source, confidence, note", printable(name.str())));
        }
    }
    entry.key_origin = place(key.source());
    return entry;
}

void Flattener::flatten(const std::string& key, const toml::key& last, const toml::node& node, RawTable& into) const {
    const toml::table* table = node.as_table();
    if (table != nullptr && !table->contains("value")) {
        for (const auto& [name, child] : *table) flatten(key + "." + std::string{name.str()}, name, child, into);
        return;
    }
    const RawEntry entry = table != nullptr ? leaf_with_metadata(last, *table) : leaf(last, node);
    // toml++ refuses a key given twice, but not `a.b` beside `"a.b"`.
    const auto [old, added] = into.emplace(key, entry);
    if (!added) {
        throw UserError(entry.key_origin, fmt::format("duplicate key `{}`, also given at {}", key, old->second.key_origin));
    }
}

void Flattener::includes(const toml::node& node, RawFile& into) const {
    const auto* array = node.as_array();
    if (array == nullptr) throw UserError(place(node.source()), "`include` must be a list of paths");
    for (const toml::node& item : *array) {
        const auto* text = item.as_string();
        if (text == nullptr) throw UserError(place(item.source()), "`include` must be a list of paths");
        into.includes.push_back({path_beside(path_, text->get()), place(item.source())});
    }
}

void Flattener::collect_axes(const std::string& prefix, const toml::table& table, std::vector<Placed>& into) const {
    for (const auto& [name, node] : table) {
        const std::string key = prefix + std::string{name.str()};
        if (const auto* child = node.as_table()) {
            collect_axes(key + ".", *child, into);
            continue;
        }
        const RawValue list = value(node);
        if (list.kind != RawKind::list) {
            throw UserError(list.origin, fmt::format("axis `{}` must be a list of values, e.g. [2, 16, 64]", key));
        }
        const auto same_key = [&](const Placed& other) { return other.second.key == key; };
        if (const auto old = std::ranges::find_if(into, same_key); old != into.end()) {
            throw UserError(list.origin, fmt::format("duplicate axis `{}`, also given at {}", key, old->second.origin));
        }
        into.emplace_back(node.source().begin, RawAxis{key, list.origin, list.items});
    }
}

void Flattener::axes(const toml::node& node, RawFile& into) const {
    into.axes_origin = place(node.source());
    const auto* table = node.as_table();
    if (table == nullptr) throw UserError(into.axes_origin, "`axes` must be a table of lists, [axes]");
    std::vector<Placed> found;
    collect_axes("", *table, found);
    // toml++ keeps tables sorted by key; the order of the axes is the user's.
    std::ranges::sort(found, [](const Placed& a, const Placed& b) { return a.first < b.first; });
    for (Placed& axis : found) into.axes.push_back(std::move(axis.second));
}

void Flattener::rows(const toml::node& node, RawFile& into) const {
    const auto* array = node.as_array();
    if (array == nullptr) throw UserError(place(node.source()), "`row` must be a list of tables, [[row]]");
    for (const toml::node& item : *array) {
        const auto* table = item.as_table();
        if (table == nullptr) throw UserError(place(item.source()), "`row` must be a list of tables, [[row]]");
        RawRow row{place(item.source()), {}};
        for (const auto& [name, child] : *table) row.values.emplace(std::string{name.str()}, leaf(name, child));
        into.rows.push_back(std::move(row));
    }
}

RawFile Flattener::file(const toml::table& root) const {
    RawFile file;
    file.path = path_;
    for (const auto& [name, node] : root) {
        if (name == "include") {
            includes(node, file);
        } else if (name == "description") {
            file.description = string(name, node);
            file.description_origin = place(name.source());
        } else if (name == "axes") {
            axes(node, file);
        } else if (name == "row") {
            rows(node, file);
        } else {
            flatten(std::string{name.str()}, name, node, file.values);
        }
    }
    return file;
}

}  // namespace

RawFile read_raw_file(const std::string& path, const std::string& referrer) {
    const std::string text = read_text_file(path, referrer);
    try {
        RawFile file = Flattener{path}.file(toml::parse(text, path));
        if (file.description_origin.empty()) file.description = leading_comment(text);
        return file;
    } catch (const toml::parse_error& error) {
        const toml::source_position at = error.source().begin;
        throw UserError(fmt::format("{}:{}:{}", path, at.line, at.column), printable(error.description()));
    }
}

std::string path_beside(const std::string& file, const std::string& relative) {
    return (std::filesystem::path{file}.parent_path() / relative).lexically_normal().string();
}

}  // namespace splinter::platforms
