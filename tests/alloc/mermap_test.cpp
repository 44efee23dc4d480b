// Temporary mappings: what they map, when they flush, and what the reserve is for.
#include "alloc/mm/mermap.h"

#include <gtest/gtest.h>

#include "tests/alloc/mm_kernel.h"

namespace splinter::alloc {
namespace {

constexpr PfnRange one(std::uint64_t page) { return {Pfn{page}, PageCount{1}}; }

struct Temporary : ::testing::Test {
    MmKernel node;
    Mermap mermap{node.keys, node.memory.mermap_tables()};
    Cpu& cpu = node.cpu;
    KernelCounters zeroed;
    [[nodiscard]] std::uint64_t flushes() { return mermap.counters(CpuId{0U}).mermap_flushes; }
    // Maps and gives back single pages.
    void cycle(std::uint64_t times) {
        for (std::uint64_t i = 0; i < times; ++i) mermap.put(cpu, mermap.get(cpu, one(i)).value());
    }
};

TEST_F(Temporary, MapsThePagesAtItsOwnCpusAddressesUntilTheyAreGivenBack) {
    const auto mapping = mermap.get(cpu, {Pfn{700}, PageCount{3}}).value();
    EXPECT_EQ(mapping.start, Mermap::region(CpuId{0U}));
    for (std::uint64_t i = 0; i < 3; ++i) {
        const auto found = node.memory.translate(mapping.start + i * kPageBytes);
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->frame.raw(), 700 + i);
        EXPECT_TRUE(found->rights.writable);
    }
    mermap.put(cpu, mapping);
    EXPECT_FALSE(node.memory.translate(mapping.start).has_value());
}

TEST_F(Temporary, TakesNewAddressesEachTimeAndFlushesWhenAllButTheReserveAreUsed) {
    cycle(511);
    EXPECT_EQ(flushes(), 0U);
    cycle(1);
    EXPECT_EQ(flushes(), 1U);
    EXPECT_EQ(node.cpu.full_flushes(), 1U);
    cycle(510);
    EXPECT_EQ(flushes(), 1U);
    cycle(1);
    EXPECT_EQ(flushes(), 2U);
}

TEST_F(Temporary, StartAgainBehindTheHighestThatIsStillMapped) {
    const auto low = mermap.get(cpu, one(1)).value();
    const auto high = mermap.get(cpu, one(2)).value();
    cycle(509);
    const auto again = mermap.get(cpu, one(3)).value();
    EXPECT_EQ(again.start, high.start + kPageBytes);
    mermap.put(cpu, low);
    mermap.put(cpu, high);
    mermap.put(cpu, again);
}

TEST_F(Temporary, FailAtTheEndOfTheRegionButForTheReserve) {
    cycle(510);
    const auto last = mermap.get(cpu, one(1)).value();
    EXPECT_FALSE(mermap.get(cpu, one(2)).has_value());
    EXPECT_EQ(flushes(), 0U);
    const auto reserve = mermap.get_reserved(cpu, Pfn{2});
    EXPECT_EQ(reserve.start, Mermap::region(CpuId{0U}) + 511 * kPageBytes);
    mermap.put(cpu, reserve);
    mermap.put(cpu, last);
}

TEST_F(Temporary, AreFourAtMost) {
    std::vector<Mermap::Mapping> all;
    for (std::uint64_t i = 0; i < 4; ++i) all.push_back(mermap.get(cpu, one(i)).value());
    EXPECT_FALSE(mermap.get(cpu, one(4)).has_value());
    for (const Mermap::Mapping& mapping : all) mermap.put(cpu, mapping);
    EXPECT_TRUE(mermap.get(cpu, one(4)).has_value());
}

TEST_F(Temporary, ClearingOfABlockThatFitsMapsItAtOnce) {
    mermap.clear(cpu, zeroed, {Pfn{512}, PageCount{256}});
    EXPECT_EQ(zeroed.pages_zeroed, 256U);
    EXPECT_EQ(node.cpu.count(Step::clear_page), 256U);
    EXPECT_EQ(mermap.counters(CpuId{0U}).mermap_reserve_uses, 0U);
    EXPECT_EQ(node.cpu.stores(), 2 * 256U);
}

// A pageblock is as large as the region, of which one page is the reserve.
TEST_F(Temporary, ClearingOfAPageblockGoesThroughTheReservePageByPage) {
    mermap.clear(cpu, zeroed, {Pfn{512}, PageCount{512}});
    EXPECT_EQ(mermap.counters(CpuId{0U}).mermap_reserve_uses, 512U);
    EXPECT_EQ(flushes(), 0U);
    mermap.clear(cpu, zeroed, {Pfn{512}, PageCount{512}});
    EXPECT_EQ(flushes(), 1U);
}

TEST_F(Temporary, WriteTheirEntriesWithThePageTablesMadeWritable) {
    const std::uint64_t before = node.key_writes();
    cycle(1);
    EXPECT_EQ(node.key_writes() - before, 4U);
    node.cpu.check_quiet();
}

}  // namespace
}  // namespace splinter::alloc
