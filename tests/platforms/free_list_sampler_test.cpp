// Samples of free lists: their times, and what each holds.
#include "platforms/run/free_list_sampler.h"

#include <gtest/gtest.h>

namespace splinter::platforms {
namespace {

constexpr std::uint64_t kInterval = FreeListSampler::kFirstInterval.raw();
constexpr std::uint64_t kBlockPages = 1024;

class Sampler : public ::testing::Test {
  protected:
    Sampler() : frames_{PageCount{16 * kBlockPages}} {
        alloc::ZoneLayout layout;
        layout.name = "Normal";
        layout.span = PfnRange{Pfn{0}, PageCount{8 * kBlockPages}};
        layout.managed = layout.span.count;
        zones_.emplace_back(layout, frames_);
        for (std::uint64_t i = 0; i < 8; ++i)
            zones_[0].add_free_block(Pfn{i * kBlockPages}, alloc::kMaxOrder, alloc::Migratetype::movable);
    }
    // One block fewer from the next holder of the lock on.
    void take() {
        alloc::BuddyWork work;
        ASSERT_TRUE(zones_[0].take_smallest(alloc::kMaxOrder, alloc::kMovable, work));
    }
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> history(std::uint64_t end) {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> out;
        for (const FreeListSample& sample : sampler_.finish(zones_, Cycles{end}).samples)
            out.emplace_back(sample.cycles, sample.blocks.at(0).at(10));
        return out;
    }
    alloc::FrameTable frames_;
    std::vector<alloc::Zone> zones_;
    FreeListSampler sampler_;
};

using Blocks = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

TEST_F(Sampler, WithoutChangesTheStartAndTheEndAreKept) {
    EXPECT_EQ(history(5 * kInterval), (Blocks{{0, 8}, {5 * kInterval, 8}}));
}

TEST_F(Sampler, ASampleIsWhatTheFirstHolderAtOrAfterItsTimeFinds) {
    sampler_.locked(zones_[0], Cycles{kInterval - 1});  // still the first interval: nothing is due after the sample at 0
    take();
    sampler_.locked(zones_[0], Cycles{kInterval});  // the sample at kInterval: without the block
    take();
    sampler_.locked(zones_[0], Cycles{2 * kInterval + 1});
    EXPECT_EQ(history(2 * kInterval + 2), (Blocks{{0, 8}, {kInterval, 7}, {2 * kInterval, 6}, {2 * kInterval + 2, 6}}));
}

TEST_F(Sampler, TheDistanceDoublesWhenTheRunGrows) {
    const std::uint64_t most = FreeListSampler::kMostSamples;
    sampler_.locked(zones_[0], Cycles{kInterval});
    take();
    sampler_.locked(zones_[0], Cycles{2 * kInterval});
    take();
    const std::uint64_t end = most * kInterval;  // one sample too many: those at odd times go
    sampler_.locked(zones_[0], Cycles{end});
    EXPECT_EQ(history(end), (Blocks{{0, 8}, {2 * kInterval, 7}, {4 * kInterval, 6}, {end, 6}}));
}

}  // namespace
}  // namespace splinter::platforms
