// A large machine must start in little host memory.
#include <sys/resource.h>

#include <gtest/gtest.h>

#include <sstream>

#include "platforms/run/child_process.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

struct Footprint {
    std::uint64_t peak_kib;        // largest resident set
    std::uint64_t metadata_bytes;  // of the allocator's frame table
    std::uint64_t free_pages;      // at the end
};

// Of a child process that boots the machine and ends a tiny run.
Footprint footprint_of(const Sets& sets) {
    std::istringstream found{run_in_child([&] {
        const RunConfig config = small_config(sets);
        const auto workload = find_workload("secretmem").make(config);
        Session session{config, *workload};
        session.run();
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        alloc::PageAllocator& pages = session.node().kernel().pages();
        std::uint64_t free = 0;
        for (const alloc::Zone& zone : pages.zones()) free += pages.free_pages(zone).raw();
        return std::to_string(usage.ru_maxrss) + " " + std::to_string(pages.zones().front().frames().touched_bytes()) + " " +
               std::to_string(free);
    })};
    Footprint footprint{};
    found >> footprint.peak_kib >> footprint.metadata_bytes >> footprint.free_pages;
    return footprint;
}

TEST(Scale, MachineOf256CoresAnd256GiBTakesLessThanOneGiBOfHostMemory) {
    const std::uint64_t peak = footprint_of({"platform.cores=256", "platform.memory=256GiB", "workload.secretmem.pages=4",
                                             "workload.secretmem.cores_percent=1", "workload.background.user_footprint=4MiB",
                                             "workload.background.kernel_footprint=4MiB"})
                                   .peak_kib;
    RecordProperty("peak_kib", std::to_string(peak));
    EXPECT_LT(peak, 1024U * 1024U);
}

TEST(Scale, MachineOf1024CoresAnd1TiBStartsInLessThanTwoGiBOfHostMemory) {
    const std::uint64_t peak = footprint_of({"platform.cores=1024", "platform.memory=1TiB", "workload.secretmem.pages=2",
                                             "workload.secretmem.cores_percent=1", "workload.background.think=1000cyc"})
                                   .peak_kib;
    RecordProperty("peak_kib", std::to_string(peak));
    EXPECT_LT(peak, 2U * 1024U * 1024U);
}

TEST(Scale, MachineOf512CoresAnd1TiBRunsInBoundedHostMemory) {
    const Footprint found =
        footprint_of({"platform.cores=512", "platform.cores_per_socket=256", "platform.cluster_cores=16",
                      "platform.memory=1TiB", "workload.secretmem.pages=8", "workload.secretmem.cores_percent=1",
                      "workload.background.user_footprint=1MiB", "workload.background.kernel_footprint=4MiB"});
    RecordProperty("peak_kib", std::to_string(found.peak_kib));
    RecordProperty("metadata_bytes", std::to_string(found.metadata_bytes));
    // A host page of the table for each pageblock that was touched: the blocks of the kernel's data, of the protected pages and
    // of page tables, and the edges of the zones. The whole table would be 2 GiB.
    EXPECT_LE(found.metadata_bytes, 16U * 4096);
    EXPECT_GE(found.metadata_bytes, 4096U);
    // All but the first MiB, the kernel's data, and what the allocation of 40 pages needs.
    constexpr std::uint64_t kAll = (std::uint64_t{1} << 28) - 256 - 1024;
    EXPECT_LE(found.free_pages, kAll);
    EXPECT_GE(found.free_pages, kAll - 40 - 16);
    EXPECT_LT(found.peak_kib, 1024U * 1024U);
}

}  // namespace
}  // namespace splinter::platforms::testing
