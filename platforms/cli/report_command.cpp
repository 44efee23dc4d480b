// splinter report DIR|FILE: one page that shows results, and the figures as files.
#include <filesystem>

#include <spdlog/logger.h>

#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/html/report_page.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/csv_report.h"
#include "platforms/report/jsonl_report.h"
#include "platforms/report/sensitivity_report.h"
#include "platforms/results/result_folder.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;
constexpr const char* kSensitivityFile = "sensitivity.json";

fs::path folder_of(const std::string& path) {
    std::error_code error;
    return fs::is_directory(path, error) ? fs::path{path} : fs::path{path}.parent_path();
}

std::string read_sensitivity(const Arguments& arguments) {
    std::string path = (folder_of(arguments.positional[0]) / kSensitivityFile).string();
    std::error_code error;
    if (arguments.sensitivity)
        path = *arguments.sensitivity;
    else if (!fs::exists(path, error))
        return "";
    std::string text = read_file(path);
    check_sensitivity_json(text, path);
    return text;
}

// "results" for results/ and results, "smoke" for smoke.json.
std::string name_of(const std::string& path) {
    std::error_code error;
    const fs::path absolute = fs::weakly_canonical(path, error);
    return fs::is_directory(absolute, error) ? absolute.filename().string() : absolute.stem().string();
}

}  // namespace

int execute_report(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const std::string& path = arguments.positional[0];
    const std::string output = arguments.output.value_or((folder_of(path) / "report.html").string());
    for (const auto& file : {std::optional{output}, arguments.csv, arguments.jsonl})
        if (file) check_writable(*file);
    const std::vector<PointResult> points = read_results(path);
    write_file_atomically(output, report_page({points, read_sensitivity(arguments), name_of(path), unfinished_points(path)}));
    if (arguments.csv) write_file_atomically(*arguments.csv, csv_report(points));
    if (arguments.jsonl) write_file_atomically(*arguments.jsonl, jsonl_report(points));
    invocation.log.info("{} points in {}", points.size(), output);
    return kExitOk;
}

}  // namespace splinter::platforms
