#include "alloc/buddy/pcp.h"

#include <gtest/gtest.h>

#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

struct Pcp : ::testing::Test {
    FrameTable frames{PageCount{1U << 16}};
    PerCpuPages lists;
};

TEST_F(Pcp, ServesTheLowOrdersAndOneHugePage) {
    for (unsigned order : {0U, 1U, 2U, 3U, 9U}) EXPECT_TRUE(PerCpuPages::serves(Order{order})) << order;
    for (unsigned order : {4U, 8U, 10U}) EXPECT_FALSE(PerCpuPages::serves(Order{order})) << order;
}

TEST_F(Pcp, MappedListsAreNumberedAsTheKernelsDo) {  // order_to_pindex(): pcptypes times order, then two of huge pages
    EXPECT_EQ(PerCpuPages::list_index(Order{0U}, Migratetype::unmovable), 0U);
    EXPECT_EQ(PerCpuPages::list_index(Order{0U}, Migratetype::movable), 1U);
    EXPECT_EQ(PerCpuPages::list_index(Order{0U}, Migratetype::reclaimable), 2U);
    EXPECT_EQ(PerCpuPages::list_index(Order{3U}, Migratetype::reclaimable), 11U);
    EXPECT_EQ(PerCpuPages::list_index(Order{9U}, Migratetype::unmovable), 12U);
    EXPECT_EQ(PerCpuPages::list_index(Order{9U}, Migratetype::reclaimable), 12U);
    EXPECT_EQ(PerCpuPages::list_index(Order{9U}, Migratetype::movable), 13U);
}

TEST_F(Pcp, UnmappedListsStandBehindThem) {
    for (unsigned order = 0; order <= 3; ++order)
        EXPECT_EQ(PerCpuPages::list_index(Order{order}, kUnmovableUnmapped, kSeriesFreetypes), 14U + order);
    EXPECT_EQ(PerCpuPages::list_index(Order{9U}, kUnmovableUnmapped, kSeriesFreetypes), 18U);
    EXPECT_EQ(lists.lists().size(), 19U);
}

TEST_F(Pcp, TypesWithoutAListUseMovables) {
    EXPECT_EQ(PerCpuPages::list_index(Order{1U}, Migratetype::highatomic),
              PerCpuPages::list_index(Order{1U}, Migratetype::movable));
}

TEST_F(Pcp, EachListHasOneOrder) {
    for (unsigned order : {0U, 1U, 2U, 3U, 9U})
        for (FreeType type : {kUnmovable, kMovable, kReclaimable, kUnmovableUnmapped})
            EXPECT_EQ(PerCpuPages::order_of(PerCpuPages::list_index(Order{order}, type, kSeriesFreetypes)), Order{order});
}

TEST_F(Pcp, TheBlockFreedLastIsTakenFirst) {
    lists.push(frames, 0, Pfn{1});
    lists.push(frames, 0, Pfn{2});
    EXPECT_EQ(lists.pop(frames, 0), Pfn{2});
    EXPECT_EQ(lists.pop(frames, 0), Pfn{1});
    EXPECT_FALSE(lists.pop(frames, 0).has_value());
}

TEST_F(Pcp, ARefillKeepsTheBuddysOrderBehindWhatIsThere) {
    lists.push(frames, 0, Pfn{9});
    lists.push_cold(frames, 0, Pfn{1});
    lists.push_cold(frames, 0, Pfn{2});
    for (std::uint64_t pfn : {9, 1, 2}) EXPECT_EQ(lists.pop(frames, 0), Pfn{pfn});
}

TEST_F(Pcp, AllBanksShareOneCountOfPages) {
    lists.push(frames, PerCpuPages::list_index(Order{0U}, Migratetype::unmovable), Pfn{0});
    lists.push(frames, PerCpuPages::list_index(Order{3U}, kUnmovableUnmapped, kSeriesFreetypes), Pfn{8});
    lists.push(frames, PerCpuPages::list_index(Order{9U}, kUnmovableUnmapped, kSeriesFreetypes), Pfn{512});
    EXPECT_EQ(lists.count(), PageCount{1 + 8 + 512});
    EXPECT_EQ(lists.unmapped_count(), PageCount{8 + 512});
    (void)lists.pop(frames, PerCpuPages::list_index(Order{9U}, kUnmovableUnmapped, kSeriesFreetypes));
    EXPECT_EQ(lists.count(), PageCount{9});
}

TEST_F(Pcp, ABlockOnAListIsMarkedAndATakenOneIsNot) {
    lists.push(frames, 3, Pfn{4});
    EXPECT_TRUE(frames.state(Pfn{4}).on_pcp());
    EXPECT_EQ(frames.order(Pfn{4}), Order{1U});
    (void)lists.pop(frames, 3);
    EXPECT_TRUE(frames.state(Pfn{4}).none());
}

TEST_F(Pcp, ADrainEmptiesAListFromItsColdEndThenGoesRound) {
    for (std::uint64_t pfn : {1, 2}) lists.push(frames, 2, Pfn{pfn});
    lists.push(frames, 18, Pfn{512});
    lists.push(frames, 0, Pfn{7});
    std::size_t list = 2;
    std::vector<Pfn> order;
    while (const auto block = lists.pop_cold(frames, list)) order.push_back(block->block);
    EXPECT_EQ(raw(order), (std::vector<std::uint64_t>{1, 2, 512, 7}));
    EXPECT_EQ(lists.count(), PageCount{0});
}

}  // namespace
}  // namespace splinter::alloc
