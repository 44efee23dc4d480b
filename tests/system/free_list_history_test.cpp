// What a result shows of free lists and the direct map: looking changes nothing, and what is seen is what is there.
#include <gtest/gtest.h>

#include "platforms/run/child_process.h"
#include "platforms/run/measure.h"
#include "platforms/run/run_result_json.h"
#include "platforms/run/session.h"
#include "tests/system/small_run.h"

namespace splinter::platforms::testing {
namespace {

struct Blind : alloc::ZoneWatcher {
    void locked(const alloc::Zone&, Cycles) override {}
};

// The result of small_config(sets) with another watcher in the place of the sampler; null: the sampler.
WorkloadResult run_with(const Sets& sets, alloc::ZoneWatcher* watcher) {
    const std::string text = run_in_child([&] {
        const RunConfig config = small_config(sets);
        const auto workload = find_workload("secretmem").make(config);
        SessionParts parts;
        parts.watcher = watcher;
        Session session{config, *workload, parts};
        session.run();
        RunResult part;
        part.workloads.push_back(measure("secretmem", *workload, session));
        return to_json(part);
    });
    return run_result_from_json(text, "test").workloads.front();
}

std::uint64_t free_pages(const FreeListSample& sample) {
    std::uint64_t pages = 0;
    for (const auto& row : sample.blocks)
        for (std::size_t order = 0; order < row.size(); ++order) pages += row[order] << order;
    return pages;
}

class History : public ::testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] static Sets sets() { return {"flush.strategy=" + GetParam(), "flush.batch_pages=8"}; }
};

TEST_P(History, TakingSamplesDisturbsNothing) {
    Blind blind;
    const WorkloadResult seen = run_with(sets(), nullptr);
    WorkloadResult unseen = run_with(sets(), &blind);
    EXPECT_GT(seen.free_lists.samples.size(), 3U);
    EXPECT_LT(unseen.free_lists.samples.size(), seen.free_lists.samples.size());
    EXPECT_EQ(unseen.state_hash, seen.state_hash);
    EXPECT_EQ(unseen.end_cycles, seen.end_cycles);
    EXPECT_EQ(unseen.counters, seen.counters);
}

TEST_P(History, IsBoundedInOrderAndEndsWithTheRun) {
    const WorkloadResult result = run_with(sets(), nullptr);
    const auto& samples = result.free_lists.samples;
    ASSERT_LE(samples.size(), FreeListSampler::kMostSamples + 1);
    EXPECT_EQ(samples.front().cycles, 0U);
    EXPECT_EQ(samples.back().cycles, result.end_cycles);
    for (std::size_t i = 1; i < samples.size(); ++i) EXPECT_LT(samples[i - 1].cycles, samples[i].cycles);
    ASSERT_EQ(result.free_lists.phases.size(), 2U);
    EXPECT_EQ(result.free_lists.phases[0].name, "population");
    EXPECT_LT(result.free_lists.phases[0].cycles, result.free_lists.phases[1].cycles);
    EXPECT_LT(result.free_lists.phases[1].cycles, result.end_cycles);
}

TEST_P(History, ItsLastSampleIsTheEndAsProcHasIt) {
    const WorkloadResult result = run_with(sets(), nullptr);
    const std::string first_line = result.proc.at("vmstat").substr(0, result.proc.at("vmstat").find('\n'));
    EXPECT_EQ(first_line, "nr_free_pages " + std::to_string(free_pages(result.free_lists.samples.back())));
}

INSTANTIATE_TEST_SUITE_P(Strategies, History, ::testing::Values("none", "per-page", "batched", "freetype"),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST(History, OfFreetypeShowsUnmappedBlocksAppear) {
    const FreeListHistory history = run_with({"flush.strategy=freetype"}, nullptr).free_lists;
    ASSERT_EQ(history.types.back(), "Unmapped");
    const auto unmapped = [&](const FreeListSample& sample) {
        std::uint64_t blocks = 0;
        for (const std::uint64_t count : sample.blocks.back()) blocks += count;
        return blocks;
    };
    EXPECT_EQ(unmapped(history.samples.front()), 0U);
    EXPECT_GT(unmapped(history.samples.back()), 0U);
}

TEST(DirectMapPicture, HasTheLeavesThatTheMetricsCountAndWhatIsUnmapped) {
    const WorkloadResult result = run_with({"flush.strategy=freetype"}, nullptr);
    DirectMapCell sum;
    std::uint64_t cells = 0;
    for (const auto& [count, cell] : result.direct_map.runs) {
        cells += count;
        sum.pages_4k += count * cell.pages_4k;
        sum.pages_2m += count * cell.pages_2m;
        sum.pages_1g += count * cell.pages_1g;
        sum.unmapped += count * cell.unmapped;
    }
    EXPECT_LE(cells, 1024U);
    EXPECT_EQ(static_cast<double>(sum.pages_4k), metric(result, "steady", "direct_map_4k"));
    EXPECT_EQ(static_cast<double>(sum.pages_2m), metric(result, "steady", "direct_map_2m") * 512);
    EXPECT_EQ(static_cast<double>(sum.pages_1g), metric(result, "steady", "direct_map_1g") * 512 * 512);
    EXPECT_GT(sum.unmapped * kPageBytes, metric(result, "steady", "unmapped_free_bytes") - 1);
    EXPECT_EQ(sum.unmapped % 512, 0U);  // freetype takes whole pageblocks out
}

TEST(DirectMapPicture, OfNoneHasNoHoles) {
    for (const auto& [count, cell] : run_with({"flush.strategy=none"}, nullptr).direct_map.runs) EXPECT_EQ(cell.unmapped, 0U);
}

}  // namespace
}  // namespace splinter::platforms::testing
