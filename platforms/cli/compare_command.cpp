// splinter compare CONFIG: a sweep that keeps nothing but its table.
#include <cstdlib>
#include <filesystem>

#include <spdlog/logger.h>

#include "hw/base/user_error.h"
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/experiment_run.h"
#include "platforms/cli/output.h"
#include "platforms/report/atomic_file.h"
#include "platforms/report/comparison_json.h"
#include "platforms/report/comparison_report.h"

namespace splinter::platforms {

namespace {

// A directory of our own, removed with all that is in it.
class ScratchDirectory {
  public:
    ScratchDirectory() {
        std::error_code error;
        path_ = (std::filesystem::temp_directory_path(error) / "splinter-XXXXXX").string();
        if (error || ::mkdtemp(path_.data()) == nullptr) throw UserError(path_, "temporary directory cannot be created");
    }
    ~ScratchDirectory() {
        std::error_code ignored;  // a leftover in /tmp is not worth failing a finished comparison
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

}  // namespace

int execute_compare(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    const ScratchDirectory scratch;
    const std::vector<PointJob> jobs = prepare_points(arguments, scratch.path());
    if (arguments.json) check_writable(*arguments.json);
    const ExperimentOutcome outcome = run_experiment(jobs, invocation);
    if (arguments.json && outcome.exit_code == kExitOk)
        write_file_atomically(*arguments.json, comparison_json(outcome.results));
    print(comparison_report(outcome.results));
    return outcome.exit_code;
}

}  // namespace splinter::platforms
