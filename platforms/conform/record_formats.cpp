#include "platforms/conform/record_formats.h"

#include <algorithm>

#include <fmt/format.h>

#include "hw/base/user_error.h"
#include "platforms/conform/dmap_ops_run.h"
#include "platforms/conform/scenario_run.h"
#include "platforms/conform/secretmem_run.h"
#include "platforms/conform/shoot_run.h"
#include "platforms/conform/vector_run.h"
#include "platforms/workload/compressed_file.h"

namespace splinter::platforms {

namespace {

constexpr RecordFormat kFormats[] = {
    {"walker vectors", "V ", run_vectors},
    {"TLB scenarios", "{", run_scenarios},
    {"counts of memfd_secret", "run,kernel,mem,gbpages,smp,rep,phase,", run_secretmem},
    {"counts of user shootdowns", "run,kernel,mem,gbpages,smp,ceiling,op,pages,helpers,mode,reps,", run_shoot},
    {"direct-map operations", "run,kernel,mem,gbpages,smp,cmd,result,", run_dmap_operations},
};

}  // namespace

std::span<const RecordFormat> record_formats() { return kFormats; }

void run_record_file(const std::string& path, const hw::MachineParams& machine, ConformReport& report) {
    const std::string real = find_text_file(path);
    const std::string text = read_text_file(real);
    const auto* const format = std::find_if(std::begin(kFormats), std::end(kFormats), [&](const RecordFormat& candidate) {
        return text.starts_with(candidate.first_bytes);
    });
    if (format != std::end(kFormats)) return format->run(real, text, machine, report);
    std::string known;
    for (const RecordFormat& one : kFormats)
        known += fmt::format("{}{} (\"{}...\")", known.empty() ? "" : ", ", one.name, one.first_bytes);
    const std::string found = text.empty() ? "nothing" : quote_bytes(std::string_view{text}.substr(0, text.find('\n')));
    throw UserError(real + ":1:1", fmt::format("found {}, expected the first line of one of: {}", found, known));
}

}  // namespace splinter::platforms
