// splinter conform FILE...: does the model answer as recorded CPUs did?
#include "platforms/cli/commands.h"
#include "platforms/cli/exit_codes.h"
#include "platforms/cli/output.h"
#include "platforms/conform/record_formats.h"

namespace splinter::platforms {

int execute_conform(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    ConformReport report{arguments.verbose ? Detail::every_disputed_record : Detail::summary};
    for (const std::string& file : arguments.positional) run_record_file(file, report);
    print(report.text());
    return report.agrees() ? kExitOk : kExitDisagreement;
}

}  // namespace splinter::platforms
