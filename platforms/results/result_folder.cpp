#include "platforms/results/result_folder.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "hw/base/user_error.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/point_labels.h"
#include "platforms/results/result_store.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

PointResult point_of(RunResult result) {
    PointKey key = result.point;
    return {std::move(key), std::move(result)};
}

SweepIndex read_index(const std::string& path) {
    const std::string index_path = path + "/" + kIndexFile;
    std::error_code error;
    if (!fs::exists(index_path, error))
        throw UserError(path, std::string{"is no folder of results: it has no "} + kIndexFile,
                        "splinter sweep CONFIG --out DIR writes one");
    return sweep_index_from_json(read_file(index_path), index_path);
}

std::vector<PointResult> read_folder(const std::string& path) {
    std::vector<PointResult> results = finished_points(path, read_index(path));
    if (results.empty()) throw UserError(path, "no point of the sweep is finished");
    return results;
}

// Null if the text is no list of points.
nlohmann::json points_in(const std::string& text) {
    nlohmann::json root = nlohmann::json::parse(text, nullptr, false);
    return root.is_object() && root.contains("points") && root["points"].is_array() ? root["points"] : nlohmann::json{};
}

std::vector<PointResult> read_single(const std::string& path) {
    const std::string text = read_file(path);
    std::vector<PointResult> results;
    const nlohmann::json points = points_in(text);
    if (points.is_null()) {
        results.push_back(point_of(run_result_from_json(text, path)));
        return results;
    }
    for (const nlohmann::json& point : points) {
        const bool is_whole = point.is_object() && point.contains("result");
        results.push_back(point_of(run_result_from_json(is_whole ? point["result"].dump() : "", path)));
    }
    if (results.empty()) throw UserError(path, "has no points");
    return results;
}

}  // namespace

std::vector<PointResult> finished_points(const std::string& directory, const SweepIndex& index) {
    std::vector<PointResult> results;
    std::error_code error;
    for (const IndexedPoint& point : index.points) {
        const std::string file = directory + "/" + point.file;
        if (fs::exists(file, error)) results.push_back(point_of(run_result_from_json(read_file(file), file)));
    }
    return results;
}

std::vector<std::string> unfinished_points(const std::string& path) {
    std::vector<std::string> unfinished;
    std::error_code error;
    if (!fs::is_directory(path, error)) return unfinished;
    for (const IndexedPoint& point : read_index(path).points) {
        if (fs::exists(path + "/" + point.file, error)) continue;
        std::string text = point_name(point.key);
        if (const std::string reason = failure_of(path + "/" + point.file); !reason.empty())
            text += ": " + reason.substr(0, reason.find('\n'));
        unfinished.push_back(std::move(text));
    }
    return unfinished;
}

std::vector<PointResult> read_results(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) throw UserError(path, "no such file or folder");
    return fs::is_directory(status) ? read_folder(path) : read_single(path);
}

}  // namespace splinter::platforms
