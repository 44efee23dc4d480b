#include "hw/core/ready_queue.h"

#include <gtest/gtest.h>

#include <map>

#include "hw/base/rng.h"

namespace splinter::hw {
namespace {

ReadyQueue queue_of(std::uint32_t cores) {
    ReadyQueue queue;
    for (std::uint32_t i = 0; i < cores; ++i) queue.grow();
    return queue;
}

TEST(ReadyQueue, GivesTheEarliestAndOfEqualTimesTheLowestCore) {
    ReadyQueue queue = queue_of(4);
    queue.push({Cycles{7}, CpuId{3U}});
    queue.push({Cycles{5}, CpuId{2U}});
    queue.push({Cycles{5}, CpuId{1U}});
    EXPECT_EQ(queue.pop().cpu, CpuId{1U});
    EXPECT_EQ(queue.pop().cpu, CpuId{2U});
    EXPECT_EQ(queue.pop().key, Cycles{7});
    EXPECT_TRUE(queue.empty());
}

TEST(ReadyQueue, BringsAKeyForwardWithoutKeepingTheOldOne) {
    ReadyQueue queue = queue_of(3);
    queue.push({Cycles{5}, CpuId{0U}});
    queue.push({Cycles{9}, CpuId{1U}});
    queue.push({Cycles{2}, CpuId{1U}});
    EXPECT_EQ(queue.pop(), (ReadyQueue::Entry{Cycles{2}, CpuId{1U}}));
    EXPECT_EQ(queue.pop(), (ReadyQueue::Entry{Cycles{5}, CpuId{0U}}));
    EXPECT_TRUE(queue.empty());
}

TEST(ReadyQueue, AgreesWithASortedMapOverManyMoves) {
    constexpr std::uint32_t kCores = 37;
    ReadyQueue queue = queue_of(kCores);
    std::map<CpuId, Cycles> keys;
    Rng rng{1, "ready-queue"};
    for (int i = 0; i < 20'000; ++i) {
        const CpuId cpu{static_cast<std::uint32_t>(rng.below(kCores))};
        const auto queued = keys.find(cpu);
        const Cycles key{rng.below(queued == keys.end() ? 1000 : queued->second.raw() + 1)};
        if (rng.below(3) > 0) {
            queue.push({key, cpu});
            keys[cpu] = key;
        } else if (!keys.empty()) {
            ReadyQueue::Entry first{kNever, CpuId{0U}};
            for (const auto& [each, its_key] : keys) first = std::min(first, ReadyQueue::Entry{its_key, each});
            ASSERT_EQ(queue.pop(), first);
            keys.erase(first.cpu);
        }
        ASSERT_EQ(queue.empty(), keys.empty());
    }
}

}  // namespace
}  // namespace splinter::hw
