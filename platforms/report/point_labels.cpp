#include "platforms/report/point_labels.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <sstream>

#include <fmt/format.h>

#include "hw/base/check.h"

namespace splinter::platforms {

namespace {

// File systems allow 255 bytes; this leaves room for ".json" and a temporary name.
constexpr std::size_t kLongestStem = 200;

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

std::vector<std::string> short_names(const std::vector<std::string>& keys) {
    std::vector<std::string> names;
    for (const std::string& key : keys) {
        const auto clashes = [&](const std::string& other) { return other != key && last_part(other) == last_part(key); };
        names.push_back(std::any_of(keys.begin(), keys.end(), clashes) ? key : last_part(key));
    }
    return names;
}

bool known_everywhere(const std::vector<PointResult>& points, std::string_view key) {
    return std::all_of(points.begin(), points.end(),
                       [&](const PointResult& point) { return config_value(point.result, key).has_value(); });
}

std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

}  // namespace

std::vector<std::string> PointLabels::values_of(std::string_view key) const {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (keys[i] == key)
            for (const auto& row : rows) values.push_back(row[i]);
    return values;
}

std::optional<std::string> config_value(const RunResult& result, std::string_view key) {
    for (const ConfigEntry& entry : result.config)
        if (entry.key == key) return entry.value;
    return std::nullopt;
}

std::vector<std::string> requested_columns(const std::vector<PointResult>& points) {
    std::vector<std::string> columns;
    if (points.empty()) return columns;
    std::istringstream names{config_value(points.front().result, kColumnsKey).value_or("")};
    for (std::string name; std::getline(names, name, '+');) columns.push_back(name);
    return columns;
}

PointLabels point_labels(const std::vector<PointResult>& points) {
    PointLabels labels;
    if (points.empty()) return labels;
    for (const AxisValue& axis : points.front().key) labels.keys.push_back(axis.key);
    const std::size_t axes = labels.keys.size();
    const auto is_axis = [&](std::string_view key) {
        return std::find(labels.keys.begin(), labels.keys.end(), key) != labels.keys.end();
    };
    const bool add_cores = !is_axis(kCoresKey) && known_everywhere(points, kCoresKey);
    const bool add_strategy = !is_axis(kStrategyKey) && known_everywhere(points, kStrategyKey);
    if (add_cores) labels.keys.insert(labels.keys.begin(), std::string{kCoresKey});
    if (add_strategy) labels.keys.emplace_back(kStrategyKey);
    labels.headings = short_names(labels.keys);
    for (const PointResult& point : points) {
        SPLINTER_CHECK(point.key.size() == axes, "points of one comparison must have the same axes");
        std::vector<std::string>& row = labels.rows.emplace_back();
        if (add_cores) row.push_back(config_value(point.result, kCoresKey).value_or(""));
        for (std::size_t i = 0; i < axes; ++i) {
            SPLINTER_CHECK(point.key[i].key == points.front().key[i].key, "points of one comparison must have the same axes");
            row.push_back(point.key[i].value);
        }
        if (add_strategy) row.push_back(config_value(point.result, kStrategyKey).value_or(""));
    }
    return labels;
}

std::string point_name(const PointKey& key) {
    if (key.empty()) return "point";
    std::vector<std::string> keys;
    for (const AxisValue& axis : key) keys.push_back(axis.key);
    const std::vector<std::string> names = short_names(keys);
    std::string out;
    for (std::size_t i = 0; i < key.size(); ++i) out += fmt::format("{}{}={}", i == 0 ? "" : ",", names[i], key[i].value);
    return out;
}

std::string point_file_stem(const PointKey& key) {
    std::string out;
    for (const char c : point_name(key)) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view{"=,._+-"}.find(c) != std::string::npos);
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
    if (out.size() <= kLongestStem) return out;
    return fmt::format("{}-{:016x}", out.substr(0, kLongestStem - 17), fnv1a(out));
}

}  // namespace splinter::platforms
