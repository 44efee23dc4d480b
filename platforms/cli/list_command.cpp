// splinter list: what there is to choose from, and what the figures mean.
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/configs_directory.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/report/text_table.h"
#include "platforms/run/catalog.h"
#include "platforms/run/metrics.h"

namespace splinter::platforms {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndent = "      ";
constexpr std::size_t kWidth = 120;

std::vector<fs::path> platform_files(const fs::path& configs) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(configs / "platforms", error))
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    if (error) throw UserError((configs / "platforms").string(), "cannot be read: " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

std::string platform_table(const fs::path& configs) {
    TextTable table;
    for (const char* heading : {"file", "PKU", "PKS", "PCID", "INVLPGB"}) table.add_column(heading, Align::left);
    for (const fs::path& file : platform_files(configs)) {
        const PlatformParams platform = load_platform(file.string());
        table.add_row({file.stem().string(), platform.pku, platform.pks, platform.pcid, platform.invlpgb});
    }
    std::string out;
    std::istringstream lines{table.render()};
    for (std::string line; std::getline(lines, line);) out += fmt::format("  {}\n", line);
    return out;
}

std::string catalog(const std::vector<CatalogEntry>& entries) {
    std::size_t width = 0;
    for (const CatalogEntry& entry : entries) width = std::max(width, entry.name.size());
    std::string out;
    for (const CatalogEntry& entry : entries) out += fmt::format("  {:<{}}  {}\n", entry.name, width, entry.summary);
    return out;
}

// Breaks a sentence between words; every line is indented.
std::string wrapped(std::string_view text) {
    std::string out, line;
    std::istringstream words{std::string{text}};
    for (std::string word; words >> word;) {
        if (!line.empty() && kIndent.size() + line.size() + 1 + word.size() > kWidth) {
            out += fmt::format("{}{}\n", kIndent, line);
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return out + fmt::format("{}{}\n", kIndent, line);
}

std::string metric_definitions() {
    std::string out;
    for (const MetricInfo& metric : metrics())
        out += fmt::format("  {} [{}]\n{}", metric.id, metric.unit, wrapped(metric.definition));
    return out;
}

}  // namespace

int execute_list(const Invocation& invocation) {
    const fs::path configs = configs_directory(invocation.arguments);
    print(
        fmt::format("strategies (flush.strategy)\n{}\nmechanisms (flush.mechanism)\n{}\nworkloads "
                    "(workload.run)\n{}\nplatforms ({})\n{}\nmetrics\n{}",
                    catalog(strategies()), catalog(mechanisms()), catalog(workloads()), (configs / "platforms").string(),
                    platform_table(configs), metric_definitions()));
    return kExitOk;
}

}  // namespace splinter::platforms
