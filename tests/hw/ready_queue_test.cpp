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

void settle(ReadyQueue& queue) {
    while (!queue.settle()) {
    }
}

ReadyQueue::Entry pop(ReadyQueue& queue) {
    settle(queue);
    return queue.pop();
}

bool is_empty(ReadyQueue& queue) {
    settle(queue);
    return queue.top().never();
}

TEST(ReadyQueue, GivesTheEarliestAndOfEqualTimesTheLowestCore) {
    ReadyQueue queue = queue_of(4);
    queue.set(CpuId{3U}, Cycles{7});
    queue.set(CpuId{2U}, Cycles{5});
    queue.set(CpuId{1U}, Cycles{5});
    EXPECT_EQ(pop(queue).cpu(), CpuId{1U});
    EXPECT_EQ(pop(queue).cpu(), CpuId{2U});
    EXPECT_EQ(pop(queue).key(), Cycles{7});
    EXPECT_TRUE(is_empty(queue));
}

TEST(ReadyQueue, GivesAnotherKeyWithoutKeepingTheOldOne) {
    ReadyQueue queue = queue_of(3);
    queue.set(CpuId{0U}, Cycles{5});
    queue.set(CpuId{1U}, Cycles{9});
    queue.set(CpuId{1U}, Cycles{2});
    EXPECT_EQ(pop(queue), (ReadyQueue::Entry{Cycles{2}, CpuId{1U}}));
    EXPECT_EQ(pop(queue), (ReadyQueue::Entry{Cycles{5}, CpuId{0U}}));
    EXPECT_TRUE(is_empty(queue));
}

TEST(ReadyQueue, TakesACoreOff) {
    ReadyQueue queue = queue_of(3);
    for (const std::uint32_t cpu : {0U, 1U, 2U}) queue.set(CpuId{cpu}, Cycles{5 + cpu});
    queue.set(CpuId{0U}, kNever);
    queue.set(CpuId{0U}, kNever);
    queue.set(CpuId{2U}, kNever);
    EXPECT_EQ(pop(queue), (ReadyQueue::Entry{Cycles{6}, CpuId{1U}}));
    EXPECT_TRUE(is_empty(queue));
}

TEST(ReadyQueue, HoldsKeysBelowTwoToThe54AndTakesTheOthersForNever) {
    ReadyQueue queue = queue_of(2);
    const Cycles last{(std::uint64_t{1} << 54) - 1};
    queue.set(CpuId{1U}, last);
    EXPECT_EQ(queue.top().key(), last);
    EXPECT_EQ(queue.top().cpu(), CpuId{1U});
    queue.set(CpuId{1U}, last + Cycles{1});
    EXPECT_TRUE(is_empty(queue));
}

// The run, full of what one core has left behind, is tidied: its first, which was the top, is among that, and nothing else is
// queued.
TEST(ReadyQueue, ForgetsTheFirstOfManyKeys) {
    ReadyQueue queue = queue_of(1);
    for (std::uint64_t key = 1; key <= 5'000; ++key) queue.set(CpuId{0U}, Cycles{key});
    EXPECT_EQ(pop(queue), (ReadyQueue::Entry{Cycles{5'000}, CpuId{0U}}));
    EXPECT_TRUE(is_empty(queue));
}

// Cores that get key after key, each later or sooner than the one before, and are not taken off.
TEST(ReadyQueue, KeepsTheLastOfManyKeys) {
    for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{100'000}}) {
        ReadyQueue queue = queue_of(3);
        queue.set(CpuId{2U}, Cycles{1'000'000'000'000});
        for (std::uint64_t i = 1; i < 20'000; ++i) {
            queue.set(CpuId{0U}, Cycles{i * step});
            queue.set(CpuId{1U}, Cycles{(20'000 - i) * step});
            ASSERT_LE(queue.top(), (ReadyQueue::Entry{Cycles{i * step}, CpuId{0U}}));
            if (i % 3'000 == 0) settle(queue);
        }
        EXPECT_EQ(pop(queue), (ReadyQueue::Entry{Cycles{step}, CpuId{1U}}));
        EXPECT_EQ(pop(queue), (ReadyQueue::Entry{Cycles{19'999 * step}, CpuId{0U}}));
        EXPECT_EQ(pop(queue).cpu(), CpuId{2U});
        EXPECT_TRUE(is_empty(queue));
    }
}

// Keys as those of cores are, `spread` cycles apart: near each other (one after the other in a run), far apart, and both.
class ReadyQueueAgainstAMap : public ::testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Spreads, ReadyQueueAgainstAMap, ::testing::Values(1, 100, 1'000'000));

TEST_P(ReadyQueueAgainstAMap, AgreesOverManyMoves) {
    constexpr std::uint32_t kCores = 37;
    ReadyQueue queue = queue_of(kCores);
    std::map<CpuId, Cycles> keys;
    Rng rng{1, "ready-queue"};
    std::uint64_t now = 0;
    for (int i = 0; i < 100'000; ++i) {
        const CpuId cpu{static_cast<std::uint32_t>(rng.below(kCores))};
        now += rng.below(GetParam());
        const Cycles key{now + (rng.below(4) == 0 ? rng.below(1'000'000) : 0)};
        if (rng.below(20) == 0) {
            queue.set(cpu, kNever);
            keys.erase(cpu);
        } else if (rng.below(3) > 0) {
            queue.set(cpu, key);
            keys[cpu] = key;
        } else if (!keys.empty()) {
            ReadyQueue::Entry first;
            for (const auto& [each, its_key] : keys) first = std::min(first, ReadyQueue::Entry{its_key, each});
            ASSERT_LE(queue.top(), first);
            ASSERT_EQ(pop(queue), first);
            keys.erase(first.cpu());
        }
        ASSERT_EQ(is_empty(queue), keys.empty());
    }
}

}  // namespace
}  // namespace splinter::hw
