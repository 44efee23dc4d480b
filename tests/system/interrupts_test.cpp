// How many interrupts the strategies send: counted by the APICs, held against what pages, splits and cores imply.
#include <gtest/gtest.h>

#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

// The victims' loop is slowed down: only its TLB entries matter here.
const Sets kPatientVictims{"workload.background.think=5000cyc"};

std::uint64_t received(const WorkloadResult& result) {
    std::uint64_t sum = 0;
    for (const auto& [name, value] : result.counters)
        if (name.ends_with(".apic.received")) sum += value;
    return sum;
}

std::uint64_t splits(const WorkloadResult& result) {
    return result.counters.at("direct_map_level2_splits") + result.counters.at("direct_map_level3_splits");
}

WorkloadResult per_page_run(std::uint64_t cores, std::uint64_t cores_percent) {
    return small_run(kPatientVictims + Sets{"flush.strategy=per-page", "platform.cores=" + std::to_string(cores),
                                            "workload.secretmem.cores_percent=" + std::to_string(cores_percent),
                                            "workload.secretmem.pages=600"})
        .workloads.front();
}

class OneInitiator : public ::testing::TestWithParam<unsigned> {};

// Nobody else fills the queues: each flush interrupts every other core exactly once.
TEST_P(OneInitiator, InterruptsEachOtherCoreOncePerPageAndPerSplit) {
    const std::uint64_t cores = GetParam();
    const WorkloadResult result = per_page_run(cores, 1);
    const auto pages = static_cast<std::uint64_t>(metric(result, "population", "pages") + metric(result, "steady", "pages"));
    ASSERT_EQ(pages, 1200U);
    EXPECT_GE(splits(result), 2U);  // 600 pages do not fit into one leaf of 2 MiB
    EXPECT_EQ(received(result), (pages + splits(result)) * (cores - 1));
}

INSTANTIATE_TEST_SUITE_P(Cores, OneInitiator, ::testing::Values(2U, 3U, 8U));

// A target whose queue is not empty is not interrupted again, so that simultaneous flushes share interrupts.
TEST(Interrupts, SeveralInitiatorsSendFewerThanOnePerPageSplitAndCore) {
    const WorkloadResult result = per_page_run(8, 50);
    const auto pages = static_cast<std::uint64_t>(metric(result, "population", "pages") + metric(result, "steady", "pages"));
    ASSERT_EQ(pages, 4 * 1200U);
    EXPECT_LT(received(result), (pages + splits(result)) * 7);
    // Each request was still served on every core.
    EXPECT_EQ(result.counters.at("cross_calls_received"), (pages + splits(result)) * 7);
}

TEST(Interrupts, FreetypeSendsAHundredTimesFewerThanPerPageOnSixtyFourCores) {
    const Sets load = kPatientVictims + Sets{"platform.cores=64", "platform.memory=4GiB", "workload.secretmem.pages=4096",
                                             "workload.secretmem.cores_percent=1"};
    const WorkloadResult per_page = small_run(load + Sets{"flush.strategy=per-page"}).workloads.front();
    const WorkloadResult freetype = small_run(load + Sets{"flush.strategy=freetype"}).workloads.front();
    const double many = metric(per_page, "population", "ipis_per_1000_pages");
    const double few = metric(freetype, "population", "ipis_per_1000_pages");
    EXPECT_GT(few, 0);
    EXPECT_GE(many, 100 * few);
    EXPECT_EQ(metric(freetype, "steady", "ipis_per_1000_pages"), 0);
}

}  // namespace
}  // namespace splinter::platforms::testing
