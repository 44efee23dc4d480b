#include "alloc/buddy/frame_table.h"

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::alloc {
namespace {

struct Frames : ::testing::Test {
    FrameTable table{PageCount{FrameTable::kMaxFrames}};
};

TEST_F(Frames, AnUntouchedFrameIsOnNoList) {
    EXPECT_TRUE(table.state(Pfn{7}).none());
    EXPECT_FALSE(table.next(Pfn{7}).has_value());
    EXPECT_FALSE(table.prev(Pfn{7}).has_value());
}

TEST_F(Frames, StateOrderAndLinksDoNotOverlap) {
    const Pfn last{FrameTable::kMaxFrames - 1};
    table.set(last, FrameState::buddy(Migratetype::isolate), Order{10U});
    table.set_next(last, Pfn{0});  // every bit of the link is set
    table.set_prev(last, Pfn{1});
    EXPECT_EQ(table.state(last).list(), Migratetype::isolate);
    EXPECT_EQ(table.order(last), Order{10U});
    EXPECT_EQ(table.next(last), Pfn{0});
    EXPECT_EQ(table.prev(last), Pfn{1});
    table.set(last, FrameState::pcp(Migratetype::movable), Order{3U});
    EXPECT_TRUE(table.state(last).on_pcp());
    EXPECT_EQ(table.next(last), Pfn{0});
    EXPECT_EQ(table.prev(last), Pfn{1});
}

TEST_F(Frames, ClearForgetsEverything) {
    table.set(Pfn{3}, FrameState::pcp(Migratetype::movable), Order{9U});
    table.set_next(Pfn{3}, Pfn{4});
    table.clear(Pfn{3});
    EXPECT_TRUE(table.state(Pfn{3}).none());
    EXPECT_FALSE(table.next(Pfn{3}).has_value());
}

TEST_F(Frames, EveryFrameCanBeLinkedToEveryOther) {
    const Pfn last{FrameTable::kMaxFrames - 1};
    for (const Pfn frame : {Pfn{0}, Pfn{1}, last})
        for (const Pfn link : {Pfn{0}, Pfn{1}, Pfn{FrameTable::kMaxFrames / 2}, last}) {
            if (frame == link) continue;
            table.set_next(frame, link);
            table.set_prev(frame, link);
            EXPECT_EQ(table.next(frame), link);
            EXPECT_EQ(table.prev(frame), link);
        }
    table.set_next(last, std::nullopt);
    EXPECT_FALSE(table.next(last).has_value());
}

TEST_F(Frames, OnlyTouchedFramesCostMemoryAPageOfItForEachPageblock) {
    EXPECT_EQ(table.touched_bytes(), 0U);
    table.set(Pfn{512 * 1000}, FrameState::buddy(Migratetype::unmovable), Order{0U});
    table.set(Pfn{512 * 1000 + 511}, FrameState::buddy(Migratetype::unmovable), Order{0U});
    table.set(Pfn{512 * 2000}, FrameState::buddy(Migratetype::unmovable), Order{0U});
    EXPECT_EQ(table.touched_bytes(), 2U * 4096);
}

TEST(FrameTableSize, ATouchedFrameCostsEightBytes) {
    constexpr std::uint64_t kFrames = 32 * 512;
    FrameTable table{PageCount{kFrames}};
    for (Pfn frame{0}; frame < Pfn{kFrames}; frame += PageCount{1})
        table.set(frame, FrameState::buddy(Migratetype::unmovable), Order{0U});
    EXPECT_EQ(table.touched_bytes(), kFrames * 8);
}

TEST_F(Frames, AStateIsExactlyOneThing) {
    EXPECT_TRUE(FrameState{}.none());
    EXPECT_FALSE(FrameState::pcp(Migratetype::movable).none() || FrameState::pcp(Migratetype::movable).in_buddy());
    EXPECT_TRUE(FrameState::buddy(Migratetype::unmovable).in_buddy());
    EXPECT_FALSE(FrameState::buddy(Migratetype::unmovable).on_pcp());
}

TEST(FrameTableSize, OneFrameMoreThanItsLinksCanNameIsRefused) {
    EXPECT_THROW(FrameTable{PageCount{FrameTable::kMaxFrames + 1}}, UserError);
}

constexpr FrameState kMovableState = FrameState::buddy(Migratetype::movable);

struct Lists : ::testing::Test {
    FrameTable frames{PageCount{64}};
    BlockList list;
    std::vector<std::uint64_t> forwards() const {
        std::vector<std::uint64_t> found;
        for (auto at = list.front(); at; at = frames.next(*at)) found.push_back((*at).raw());
        return found;
    }
    std::vector<std::uint64_t> backwards() const {
        std::vector<std::uint64_t> found;
        for (auto at = list.back(); at; at = frames.prev(*at)) found.push_back((*at).raw());
        return found;
    }
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(Lists, BothEndsGrow) {
    list.push_back(frames, Pfn{1}, kMovableState, Order{3U});
    list.push_front(frames, Pfn{0}, kMovableState, Order{3U});
    list.push_back(frames, Pfn{2}, kMovableState, Order{3U});
    EXPECT_EQ(forwards(), (Numbers{0, 1, 2}));
    EXPECT_EQ(backwards(), (Numbers{2, 1, 0}));
    EXPECT_EQ(list.size(), 3U);
}

TEST_F(Lists, RemovalKeepsTheOthersLinkedFromBothEnds) {
    for (std::uint64_t i = 0; i < 5; ++i) list.push_back(frames, Pfn{i}, kMovableState, Order{3U});
    for (std::uint64_t gone : {2, 0, 4}) list.remove(frames, Pfn{gone});
    EXPECT_EQ(forwards(), (Numbers{1, 3}));
    EXPECT_EQ(backwards(), (Numbers{3, 1}));
    EXPECT_EQ(list.size(), 2U);
}

TEST_F(Lists, ABlockHasItsStateAndOrderWhileItIsListed) {
    for (std::uint64_t i : {4, 5, 6}) list.push_back(frames, Pfn{i}, kMovableState, Order{3U});
    list.push_front(frames, Pfn{3}, FrameState::pcp(Migratetype::reclaimable), Order{9U});
    EXPECT_EQ(frames.state(Pfn{5}).list(), Migratetype::movable);
    EXPECT_EQ(frames.order(Pfn{5}), Order{3U});
    EXPECT_EQ(frames.state(Pfn{3}).pcp_type(), Migratetype::reclaimable);
    EXPECT_EQ(frames.order(Pfn{3}), Order{9U});
    list.remove(frames, Pfn{5});
    EXPECT_TRUE(frames.state(Pfn{5}).none());
    EXPECT_EQ(frames.order(Pfn{4}), Order{3U});
    EXPECT_EQ(frames.state(Pfn{6}).list(), Migratetype::movable);
}

TEST_F(Lists, TheLastBlockLeavesAnEmptyList) {
    list.push_front(frames, Pfn{9}, kMovableState, Order{3U});
    list.remove(frames, Pfn{9});
    EXPECT_TRUE(list.empty());
    EXPECT_FALSE(list.front().has_value());
    EXPECT_FALSE(list.back().has_value());
    EXPECT_THROW(list.remove(frames, Pfn{9}), InternalError);
}

}  // namespace
}  // namespace splinter::alloc
