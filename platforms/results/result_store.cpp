#include "platforms/results/result_store.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "hw/base/user_error.h"
#include "platforms/report/atomic_file.h"
#include "platforms/run/run_result_json.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".json";
constexpr std::size_t kHashDigits = 16;

std::map<std::string, std::string> names_by_hash(const std::string& directory) {
    std::map<std::string, std::string> names;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
        const std::string name = entry.path().filename().string();
        if (const std::string hash = hash_in(name); !hash.empty()) names.emplace(hash, name);
    }
    return names;
}

bool has_values_of(const RunResult& result, const ResolvedPoint& point) {
    const auto same = [](const ConfigEntry& a, const ConfigEntry& b) {
        return a.key == b.key && (a.value == b.value || a.key.starts_with("report."));
    };
    return std::equal(result.config.begin(), result.config.end(), point.entries.begin(), point.entries.end(), same);
}

std::string failure_file(const std::string& file) { return file.substr(0, file.size() - kSuffix.size()) + ".failed"; }

}  // namespace

ResultStore::ResultStore(std::string directory, const SweepIndex& index) : directory_{std::move(directory)}, lock_{directory_} {
    const std::map<std::string, std::string> names = names_by_hash(directory_);
    for (const IndexedPoint& point : index.points) {
        const auto found = names.find(hash_in(point.file));
        if (found == names.end() || found->second == point.file) continue;
        std::error_code error;  // then the point is simulated again
        fs::rename(directory_ + "/" + found->second, directory_ + "/" + point.file, error);
    }
}

std::optional<RunResult> ResultStore::find(const ResolvedPoint& point, const std::string& file) const {
    std::error_code error;
    if (!fs::exists(file, error)) return std::nullopt;
    const std::string text = read_file(file);
    RunResult result;
    try {
        result = run_result_from_json(text, file);
    } catch (const UserError&) {
        return std::nullopt;  // somebody has touched it: simulated and written again
    }
    if (!has_values_of(result, point)) return std::nullopt;
    result.config = point.entries;
    result.point = point.key;
    result.question = point.question;
    if (const std::string fresh = to_json(result); fresh != text) write_file_atomically(file, fresh);
    forget_failure(file);
    return result;
}

void ResultStore::keep_failure(const std::string& file, const std::string& text) const {
    try {
        write_file_atomically(failure_file(file), text);
    } catch (const UserError&) {  // a full disk is a likely reason for failures
    }
}

void ResultStore::forget_failure(const std::string& file) const {
    std::error_code error;
    fs::remove(failure_file(file), error);
}

void ResultStore::write_index(const SweepIndex& index) const {
    const std::string path = directory_ + "/" + kIndexFile;
    std::error_code error;
    const std::string text = to_json(index);
    if (!fs::exists(path, error) || read_file(path) != text) write_file_atomically(path, text);
}

std::string hash_in(const std::string& file) {
    const std::string name = fs::path{file}.filename().string();
    const std::size_t tail = kHashDigits + kSuffix.size();
    if (name.size() < tail + 2 || name.front() == '.' || !name.ends_with(kSuffix) || name[name.size() - tail - 1] != '.')
        return "";
    const std::string hash = name.substr(name.size() - tail, kHashDigits);
    return hash.find_first_not_of("0123456789abcdef") == std::string::npos ? hash : "";
}

std::set<std::string> finished_hashes(const std::string& directory) {
    std::set<std::string> hashes;
    for (const auto& [hash, name] : names_by_hash(directory)) hashes.insert(hash);
    return hashes;
}

bool has_failed(const std::string& file) {
    std::error_code error;
    return fs::exists(failure_file(file), error);
}

std::string failure_of(const std::string& file) { return has_failed(file) ? read_file(failure_file(file)) : ""; }

std::string result_file_name(const std::string& stem, const std::string& hash) {
    return stem + "." + hash + std::string{kSuffix};
}

}  // namespace splinter::platforms
