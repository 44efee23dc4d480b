#include "platforms/report/proc_directory.h"

#include <filesystem>

#include "hw/base/user_error.h"
#include "platforms/report/atomic_file.h"

namespace splinter::platforms {

namespace {

void create(const std::filesystem::path& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!std::filesystem::is_directory(directory))
        throw UserError(directory.string(), std::filesystem::exists(directory) ? "exists and is not a directory"
                                                                               : "cannot be created: " + error.message());
}

}  // namespace

void prepare_proc_directory(const std::string& directory) {
    if (directory.empty()) throw UserError("--proc", "found an empty name, expected a directory");
    create(directory);
    check_writable((std::filesystem::path{directory} / "buddyinfo").string());
}

void write_proc_directory(const std::string& directory, const RunResult& result) {
    for (const WorkloadResult& workload : result.workloads) {
        const std::filesystem::path top{directory};
        const std::filesystem::path here = result.workloads.size() == 1 ? top : top / workload.workload;
        create(here);
        for (const auto& [name, text] : workload.proc) write_file_atomically((here / name).string(), text);
    }
}

}  // namespace splinter::platforms
