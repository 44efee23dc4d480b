#include "platforms/results/sweep_index.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "hw/base/user_error.h"

namespace splinter::platforms {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

IndexedPoint read_point(const json& item) {
    IndexedPoint point;
    for (const json& axis : item.at("point"))
        point.key.push_back({axis.at("key").get<std::string>(), axis.at("value").get<std::string>()});
    point.file = item.at("file").get<std::string>();
    return point;
}

}  // namespace

std::string to_json(const SweepIndex& index) {
    ordered_json points = ordered_json::array();
    for (const IndexedPoint& point : index.points) {
        ordered_json key = ordered_json::array();
        for (const AxisValue& axis : point.key) key.push_back({{"key", axis.key}, {"value", axis.value}});
        points.push_back({{"point", key}, {"file", point.file}});
    }
    ordered_json out = ordered_json::object();
    out["schema"] = kResultSchema;
    out["program_version"] = index.program_version;
    out["question"] = index.question;
    out["points"] = points;
    return out.dump(2) + "\n";
}

SweepIndex sweep_index_from_json(const std::string& text, const std::string& origin) {
    try {
        const json root = json::parse(text);
        const json& schema = root.at("schema");
        if (schema != kResultSchema)
            throw UserError(origin, fmt::format("result schema {} is not supported", schema.dump()),
                            fmt::format("this version reads schema {}", kResultSchema));
        SweepIndex index{root.at("program_version").get<std::string>(), root.at("question").get<std::string>(), {}};
        for (const json& item : root.at("points")) index.points.push_back(read_point(item));
        return index;
    } catch (const json::exception&) {
        throw UserError(origin, "not an index of a sweep written by splinter");
    }
}

}  // namespace splinter::platforms
