#include "platforms/config/resolve.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/config/field_value.h"
#include "platforms/config/printable.h"
#include "platforms/config/suggest.h"

namespace splinter::platforms {
namespace {

using Layers = std::vector<const RawTable*>;

constexpr std::string_view kFrequencyKey = "platform.frequency";

// Gives the field its value; returns the entry that won, null if the default did.
const RawEntry* assign(Field& field, const Layers& layers, std::uint64_t hertz) {
    const RawEntry* winner = nullptr;
    for (const RawTable* layer : layers) {
        const auto found = layer->find(field.key);
        if (found == layer->end()) continue;
        winner = &found->second;
        field.value = parse_field(field, *winner, hertz);
    }
    return winner;
}

void refuse_unknown_keys(const Layers& layers, const std::vector<std::string>& sorted_keys) {
    for (const RawTable* layer : layers) {
        for (const auto& [key, entry] : *layer) {
            if (std::ranges::binary_search(sorted_keys, key)) continue;
            throw UserError(entry.key_origin, fmt::format("unknown key `{}`", printable(key)), did_you_mean(key, sorted_keys));
        }
    }
}

// In the form of the value: durations in cycles.
std::string print_end(Field field, const RawValue& end, std::uint64_t hertz) {
    field.value = parse_field(field, RawEntry{end, "", "", "", {}}, hertz);
    return print_field(field);
}

ConfigEntry entry_of(const Field& field, const RawEntry* winner, std::uint64_t hertz) {
    ConfigEntry entry{field.key, print_field(field), "default", "", "", "", ""};
    if (winner == nullptr) return entry;
    entry.origin = winner->value.kind == RawKind::command_line ? "--set" : winner->value.origin;
    entry.source = winner->source;
    entry.confidence = winner->confidence;
    if (winner->range) {
        entry.range_low = print_end(field, winner->range->low, hertz);
        entry.range_high = print_end(field, winner->range->high, hertz);
    }
    return entry;
}

}  // namespace

std::vector<ConfigEntry> resolve_layers(const Layers& layers, const Describe& describe) {
    // The last visit needs what the first two find: all names, and the frequency that turns ns into cycles.
    std::vector<std::string> keys;
    for_each_field(describe, [&](Field& field) { keys.push_back(field.key); });
    std::ranges::sort(keys);
    refuse_unknown_keys(layers, keys);

    std::uint64_t hertz = 0;
    for_each_field(describe, [&](Field& field) {
        if (field.key != kFrequencyKey || field.type != FieldType::frequency) return;
        assign(field, layers, hertz);
        hertz = std::get<std::uint64_t>(field.value);
    });

    std::vector<ConfigEntry> entries;
    for_each_field(describe, [&](Field& field) {
        const RawEntry* winner = assign(field, layers, hertz);
        entries.push_back(entry_of(field, winner, hertz));
    });
    std::ranges::sort(entries, {}, &ConfigEntry::key);
    return entries;
}

}  // namespace splinter::platforms
