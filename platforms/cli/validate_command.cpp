// splinter validate [FILE]: published measurements, simulated. One experiment per file of configs/validation, or the one that
// is named; its [[row]]s say what is compared.
#include <algorithm>
#include <filesystem>

#include <spdlog/logger.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/configs_directory.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/experiment_run.h"
#include "platforms/cli/output.h"
#include "platforms/cli/scratch_directory.h"
#include "platforms/report/atomic_file.h"
#include "platforms/validate/validation_report.h"

namespace splinter::platforms {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> validation_files(const fs::path& configs) {
    const fs::path directory = configs / "validation";
    std::vector<std::string> files;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory, error))
        if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
    if (error) throw UserError(directory.string(), "cannot be read: " + error.message());
    if (files.empty()) throw UserError(directory.string(), "has no .toml files");
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace

int execute_validate(const Invocation& invocation) {
    const ScratchDirectory scratch;
    struct Part {
        std::vector<ValidationRow> rows;
        std::vector<PointJob> jobs;
    };
    std::vector<Part> parts;  // a mistake in any file is thrown before the first point is simulated
    const std::vector<std::string>& named = invocation.arguments.positional;
    for (const std::string& file : named.empty() ? validation_files(configs_directory(invocation.arguments)) : named) {
        Arguments arguments = invocation.arguments;
        arguments.positional = {file};
        const std::string results = scratch.path() + "/" + fs::path{file}.stem().string();
        parts.push_back({read_validation_rows(file), prepare_points(arguments, results, plain_file_name).jobs});
        fs::create_directories(results);
    }
    if (invocation.arguments.json) check_writable(*invocation.arguments.json);
    std::vector<ValidatedRow> validated;
    for (const Part& part : parts) {
        const ExperimentOutcome outcome = run_experiment(part.jobs, invocation);
        if (outcome.exit_code != kExitOk) return outcome.exit_code;
        for (const ValidationRow& row : part.rows) validated.push_back(validate(row, outcome.results));
    }
    if (invocation.arguments.json) write_file_atomically(*invocation.arguments.json, validation_json(validated));
    print(validation_report(validated));
    const bool all = std::all_of(validated.begin(), validated.end(), [](const ValidatedRow& row) { return row.acceptable(); });
    return all ? kExitOk : kExitDisagreement;
}

}  // namespace splinter::platforms
