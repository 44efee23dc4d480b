#include "hw/mem/cache_tags.h"

#include <gtest/gtest.h>

#include <list>

#include "hw/base/rng.h"
#include "hw/base/user_error.h"

namespace splinter::hw {
namespace {

PhysAddr line(std::uint64_t number) { return PhysAddr{number * CacheTags::kLineBytes}; }
CacheParams cache(std::uint64_t sets, std::uint64_t ways) { return {sets * ways * CacheTags::kLineBytes, ways}; }

TEST(CacheTags, HitsALineFromItsSecondAccessOn) {
    CacheTags tags{cache(4, 2)};
    EXPECT_FALSE(tags.access(line(5)));
    EXPECT_TRUE(tags.access(line(5)));
}

TEST(CacheTags, TakesAllBytesOfALineForTheSameLine) {
    CacheTags tags{cache(4, 2)};
    EXPECT_FALSE(tags.access(PhysAddr{64}));
    EXPECT_TRUE(tags.access(PhysAddr{127}));
    EXPECT_FALSE(tags.access(PhysAddr{128}));
}

TEST(CacheTags, HoldsAsManyLinesOfASetAsItHasWaysAndNotOneMore) {
    CacheTags tags{cache(4, 3)};
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_FALSE(tags.access(line(4 * i)));
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(tags.access(line(4 * i)));
    EXPECT_FALSE(tags.access(line(4 * 3)));
    EXPECT_FALSE(tags.contains(line(0)));
}

TEST(CacheTags, EvictsTheLeastRecentlyUsedLine) {
    CacheTags tags{cache(1, 3)};
    for (std::uint64_t number : {1, 2, 3}) tags.access(line(number));
    tags.access(line(1));  // 2 is the oldest now
    tags.access(line(4));
    EXPECT_TRUE(tags.contains(line(1)));
    EXPECT_FALSE(tags.contains(line(2)));
    EXPECT_TRUE(tags.contains(line(3)));
}

TEST(CacheTags, LeavesTheOrderAloneWhenAskedWhatItContains) {
    CacheTags tags{cache(1, 2)};
    tags.access(line(1));
    tags.access(line(2));
    EXPECT_TRUE(tags.contains(line(1)));
    tags.access(line(3));
    EXPECT_FALSE(tags.contains(line(1)));
}

TEST(CacheTags, LeavesOtherSetsAlone) {
    CacheTags tags{cache(4, 1)};
    for (std::uint64_t number : {0, 1, 2, 3}) tags.access(line(number));
    tags.access(line(4));
    EXPECT_FALSE(tags.contains(line(0)));
    for (std::uint64_t number : {1, 2, 3}) EXPECT_TRUE(tags.contains(line(number)));
}

TEST(CacheTags, HasTheLastLevelCacheOfSkylakeSpIn57344Sets) {
    EXPECT_EQ(CacheTags(CacheParams{std::uint64_t{39424} << 10, 11}).sets(), 57344U);
}

TEST(CacheParams, AreRefusedUnlessTheSizeIsAWholeNumberOfSets) {
    EXPECT_NO_THROW((CacheParams{128, 2}.check("cache")));
    EXPECT_NO_THROW((CacheParams{384, 2}.check("cache")));
    for (std::uint64_t bytes : {64, 127, 192, 1000}) EXPECT_THROW((CacheParams{bytes, 2}.check("cache")), UserError);
}

TEST(CacheParams, AreCheckedWithTheMachine) {
    CacheParams MemoryParams::*const caches[] = {&MemoryParams::l1d, &MemoryParams::l2, &MemoryParams::llc};
    EXPECT_NO_THROW(MachineParams{}.check());
    for (const auto cache : caches) {
        MachineParams params;
        (params.mem.*cache).bytes += CacheTags::kLineBytes;
        EXPECT_THROW(params.check(), UserError);
    }
}

// A set as a list, the most recently used line first.
class NaiveCache {
  public:
    NaiveCache(std::uint64_t sets, std::uint64_t ways) : ways_{ways}, sets_(sets) {}
    bool access(std::uint64_t number) {
        std::list<std::uint64_t>& set = sets_[number % sets_.size()];
        const std::size_t before = set.size();
        set.remove(number);
        const bool hit = set.size() < before;
        set.push_front(number);
        if (set.size() > ways_) set.pop_back();
        return hit;
    }

  private:
    std::uint64_t ways_;
    std::vector<std::list<std::uint64_t>> sets_;
};

TEST(CacheTags, AgreesWithListsOfLinesForAnyNumberOfSets) {
    Rng rng{1, "cache_tags_test"};
    for (std::uint64_t sets : {1, 2, 3, 7, 64, 61, 57344}) {
        const std::uint64_t ways = 4;
        CacheTags tags{cache(sets, ways)};
        NaiveCache naive{sets, ways};
        const std::uint64_t far = sets < 7 ? 0 : std::uint64_t{1} << 34;  // lines of the second TiB too
        for (int i = 0; i < 20000; ++i) {
            const std::uint64_t number = rng.below(sets * ways * 2) + (i % 3 == 0 ? far : 0);
            ASSERT_EQ(tags.access(line(number)), naive.access(number)) << sets << " sets, access " << i << ", line " << number;
        }
    }
}

}  // namespace
}  // namespace splinter::hw
