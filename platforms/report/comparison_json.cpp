#include "platforms/report/comparison_json.h"

#include <nlohmann/json.hpp>

#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

std::string comparison_json(const std::vector<PointResult>& points) {
    using nlohmann::ordered_json;
    ordered_json list = ordered_json::array();
    for (const PointResult& point : points) {
        ordered_json key = ordered_json::object();
        for (const AxisValue& axis : point.key) key[axis.key] = axis.value;
        list.push_back({{"key", key}, {"result", ordered_json::parse(to_json(point.result))}});
    }
    ordered_json out = ordered_json::object();
    out["schema"] = kResultSchema;
    out["points"] = list;
    return out.dump(2) + "\n";
}

}  // namespace splinter::platforms
