// A large machine must start in little host memory.
#include <sys/resource.h>

#include <gtest/gtest.h>

#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

// The largest resident set of a child process that boots the machine and ends a tiny run, in KiB.
std::uint64_t peak_of(const Sets& sets) {
    return std::stoull(run_in_child([&] {
        const RunConfig config = small_config(sets);
        const auto workload = find_workload("secretmem").make(config);
        Session session{config, *workload};
        session.run();
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return std::to_string(usage.ru_maxrss);
    }));
}

TEST(Scale, MachineOf256CoresAnd256GiBTakesLessThanOneGiBOfHostMemory) {
    const std::uint64_t peak = peak_of({"platform.cores=256", "platform.memory=256GiB", "workload.secretmem.pages=4",
                                        "workload.secretmem.cores_percent=1", "workload.background.user_footprint=4MiB",
                                        "workload.background.kernel_footprint=4MiB"});
    RecordProperty("peak_kib", std::to_string(peak));
    EXPECT_LT(peak, 1024U * 1024U);
}

}  // namespace
}  // namespace splinter::platforms::testing
