#include "alloc/buddy/freetype_index.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

constexpr std::string_view kNone = "none";
constexpr std::string_view kMigratetypeWords = "unmovable, movable, reclaimable, highatomic, isolate";
constexpr std::string_view kFlagWords = "unmapped, pgtable-key";

[[noreturn]] void refuse(std::string_view found, std::string_view allowed) {
    throw UserError("kernel.freetypes", "found \"" + std::string{found} + "\", allowed: " + std::string{allowed});
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string lower(std::string_view name) {
    std::string word{name};
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    return word;
}

FreetypeFlags parse_flags(std::string_view text) {
    FreetypeFlags flags;
    for (const std::string_view word : split(text, '+')) {
        const auto name = std::find(kFreetypeFlagNames.begin(), kFreetypeFlagNames.end(), word);
        if (name == kFreetypeFlagNames.end()) refuse(word, std::string{"the flags "} + std::string{kFlagWords});
        const FreetypeFlag flag = kAllFreetypeFlags[static_cast<std::size_t>(name - kFreetypeFlagNames.begin())];
        if (flags.has(flag)) refuse(text, "each flag once");
        flags = flags.with(flag);
    }
    return flags;
}

Migratetype parse_migratetype(std::string_view word) {
    for (std::size_t i = 0; i < kMigratetypes; ++i)
        if (word == lower(kMigratetypeNames[i])) return static_cast<Migratetype>(i);
    refuse(word, std::string{"the migratetypes "} + std::string{kMigratetypeWords});
}

// "a b", "a,b" and "a, b" are two items.
std::vector<std::string_view> split_items(std::string_view text) {
    std::vector<std::string_view> items;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t before = items.size();
        for (const std::string_view word : split(part, ' '))
            if (!word.empty()) items.push_back(word);
        if (items.size() == before) items.push_back(part);  // nothing between two commas: refused as any other text
    }
    return items;
}

}  // namespace

FreetypeIndex FreetypeIndex::parse(std::string_view text) {
    FreetypeIndex index;
    if (text == kNone) return index;
    for (const std::string_view item : split_items(text)) {
        const std::size_t colon = item.find(':');
        if (colon == std::string_view::npos)
            refuse(item, "FLAG[+FLAG]:MIGRATETYPE[+MIGRATETYPE], separated by commas or spaces, or \"none\"");
        const FreetypeFlags flags = parse_flags(item.substr(0, colon));
        for (const std::string_view word : split(item.substr(colon + 1), '+')) {
            const FreeType type{parse_migratetype(word), flags};
            if (index.has_list(type)) refuse(item, "each set of flags with each migratetype once");
            index.add(type);
        }
    }
    return index;
}

bool FreetypeIndex::any_list(FreetypeFlags flags) const {
    return std::any_of(types_.begin(), types_.begin() + size_, [flags](FreeType type) { return type.flags == flags; });
}

std::string FreetypeIndex::text() const {
    std::string out;
    for (std::size_t i = kMigratetypes; i < size_; ++i) {
        out += i == kMigratetypes ? "" : ",";
        std::string_view separator;
        for (std::size_t flag = 0; flag < kAllFreetypeFlags.size(); ++flag) {
            if (!types_[i].flags.has(kAllFreetypeFlags[flag])) continue;
            out += separator;
            out += kFreetypeFlagNames[flag];
            separator = "+";
        }
        out += ":" + lower(kMigratetypeNames[static_cast<std::size_t>(types_[i].migratetype)]);
    }
    return out.empty() ? std::string{kNone} : out;
}

}  // namespace splinter::alloc
