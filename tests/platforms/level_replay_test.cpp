// Every trace of tests/data at both levels: all blocks predicted, all lists equal in order.
#include "platforms/replay/level_replay.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "platforms/replay/trace_schedule.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms::testing {
namespace {

struct Case {
    std::string trace;
    ReplayLevel level;
    std::uint64_t agree;  // how much there is to agree: a replay that compared less would pass unnoticed
};

std::vector<Case> cases() {
    using enum ReplayLevel;
    return {{"anon128-k612", buddy, 58470},  {"anon128-k612", pcp, 91456},   {"fork-k61", buddy, 3916},
            {"fork-k61", pcp, 35929},        {"fork-k612", buddy, 6461},     {"fork-k612", pcp, 37992},
            {"frag-k61", buddy, 88269},      {"frag-k61", pcp, 129674},      {"mix0-k61", buddy, 20070},
            {"mix0-k61", pcp, 52719},        {"mix0-k612", buddy, 18711},    {"mix0-k612", pcp, 51372},
            {"read-k61", buddy, 70337},      {"read-k61", pcp, 104576},      {"secret1-k61", buddy, 2079},
            {"secret1-k61", pcp, 2235},      {"secret512-k61", buddy, 2586}, {"secret512-k61", pcp, 3257},
            {"secret512-k612", buddy, 2076}, {"secret512-k612", pcp, 2749},  {"secret64-k61", buddy, 2080},
            {"secret64-k61", pcp, 2299},     {"secret8-k612", buddy, 2085},  {"secret8-k612", pcp, 2250},
            {"thp-k61", buddy, 35889},       {"thp-k61", pcp, 53996}};
}

class LevelReplay : public ::testing::TestWithParam<Case> {};

TEST_P(LevelReplay, PredictsEveryBlockAndEndsWithTheListsOfTheKernel) {
    const LevelReport report = replay_at_level(sample(GetParam().trace), GetParam().level);
    EXPECT_EQ(report.first_difference().value_or(""), "");
    EXPECT_TRUE(report.agrees());
    EXPECT_EQ(report.total().agree, GetParam().agree);
    EXPECT_EQ(report.recognised(Exception::contended_free), 0U);
    EXPECT_EQ(report.recognised(Exception::below_watermark), 0U);
    EXPECT_EQ(report.recognised(Exception::movable_pages), 0U);
    // The limit of one CPU in each of these, whose decays were not recorded.
    const bool sank = GetParam().trace == "anon128-k612" || GetParam().trace == "fork-k612";
    EXPECT_EQ(report.recognised(Exception::floating_high), sank && GetParam().level == ReplayLevel::pcp ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(Traces, LevelReplay, ::testing::ValuesIn(cases()), [](const auto& test) {
    std::string name = test.param.trace + "_" + std::string{name_of(test.param.level)};
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

// A trace of tests/data in memory, to be changed.
struct ChangedTrace : ::testing::Test {
    KernelTrace trace = load_kernel_trace(sample("mix0-k612"));
    TraceEvent& first(TraceEventKind kind) {
        return *std::find_if(trace.log.events.begin(), trace.log.events.end(),
                             [kind](const TraceEvent& event) { return event.kind == kind; });
    }
};

TEST_F(ChangedTrace, AnotherBlockTakenIsOneDifference) {
    TraceEvent& take = first(TraceEventKind::take);
    take.first ^= 1;
    const LevelReport report = replay_buddy(trace);
    EXPECT_FALSE(report.agrees());
    EXPECT_LT(report.tally(Predicted::take).agree, report.tally(Predicted::take).of);
    const std::size_t line = trace.log.first_event_line + static_cast<std::size_t>(&take - trace.log.events.data());
    EXPECT_NE(report.first_difference()->find(":" + std::to_string(line) + ": the kernel has block"), std::string::npos);
}

TEST_F(ChangedTrace, AnotherOrderOfAFreeListIsADifference) {
    for (SnapshotFreeList& list : trace.after.zones.back().free)
        if (list.blocks.size() > 1) {
            std::swap(list.blocks.front(), list.blocks.back());
            break;
        }
    const LevelReport report = replay_buddy(trace);
    EXPECT_EQ(report.total().of - report.total().agree, 1U);
    EXPECT_EQ(report.tally(Predicted::free_list).of - report.tally(Predicted::free_list).agree, 1U);
}

TEST_F(ChangedTrace, AnotherTypeOfAPageblockIsADifference) {
    char& type = trace.after.zones.back().pageblock_types.front();
    type = type == '1' ? '0' : '1';
    const LevelReport report = replay_pcp(trace);
    EXPECT_EQ(report.tally(Predicted::pageblock).of - report.tally(Predicted::pageblock).agree, 1U);
}

TEST_F(ChangedTrace, AnotherOrderOfAPerCpuListIsADifferenceAtLevelPcpOnly) {
    std::vector<Pfn>& blocks = trace.after.zones.back().pcp.front().lists.front().blocks;
    ASSERT_GT(blocks.size(), 1U);
    std::swap(blocks.front(), blocks.back());
    EXPECT_TRUE(replay_buddy(trace).agrees());
    const LevelReport report = replay_pcp(trace);
    EXPECT_EQ(report.total().of - report.total().agree, 1U);
    EXPECT_EQ(report.tally(Predicted::pcp_list).of - report.tally(Predicted::pcp_list).agree, 1U);
}

TEST_F(ChangedTrace, AnotherBlockDrainedIsADifference) {
    first(TraceEventKind::put_back).first ^= 1;
    const LevelReport report = replay_pcp(trace);
    EXPECT_FALSE(report.agrees());
    EXPECT_LT(report.tally(Predicted::drain).agree, report.tally(Predicted::drain).of);
}

TEST_F(ChangedTrace, AnotherLimitOfPerCpuListsIsADifferenceAtLevelPcpOnly) {
    using Change = void (*)(SnapshotPcp&);
    for (const Change change :
         {Change{[](SnapshotPcp& pcp) { pcp.high += PageCount{1}; }},
          Change{[](SnapshotPcp& pcp) { pcp.high -= PageCount{1}; }},  // its decays have lines
          Change{[](SnapshotPcp& pcp) { pcp.batch += PageCount{1}; }}, Change{[](SnapshotPcp& pcp) { ++pcp.factor; }},
          Change{[](SnapshotPcp& pcp) { pcp.free_count += PageCount{1}; }}}) {
        KernelTrace changed = trace;
        change(changed.after.zones.back().pcp.back());
        const LevelReport report = replay_pcp(changed);
        EXPECT_EQ(report.total().of - report.total().agree, 1U);
        EXPECT_EQ(report.tally(Predicted::pcp_state).of - report.tally(Predicted::pcp_state).agree, 1U);
        EXPECT_EQ(report.recognised(Exception::floating_high), 0U);
        EXPECT_TRUE(replay_buddy(changed).agrees());
    }
}

// fork-k612 has no line of a decay; the limit of one of its CPUs sank as it is.
TEST(ChangedTrace612, ALowerLimitIsRecognisedOnlyWhereDecaysWereNotRecorded) {
    KernelTrace changed = load_kernel_trace(sample("fork-k612"));
    SnapshotPcp& pcp = changed.after.zones.back().pcp.front();
    pcp.high -= PageCount{100};
    EXPECT_EQ(replay_pcp(changed).recognised(Exception::floating_high), 2U);
    EXPECT_TRUE(replay_pcp(changed).agrees());
    pcp.high += PageCount{200};
    EXPECT_FALSE(replay_pcp(changed).agrees());
    pcp.high = pcp.high_min - PageCount{1};
    EXPECT_FALSE(replay_pcp(changed).agrees());
    pcp.high = pcp.high_min;
    pcp.free_count += PageCount{1};
    EXPECT_FALSE(replay_pcp(changed).agrees());
}

TEST_F(ChangedTrace, LimitsFloatFreelyInAZoneThatWasBelowItsHighWatermark) {
    trace.before.zones.back().watermark_high = trace.before.zones.back().managed;
    trace.after.zones.back().pcp.back().high += PageCount{1};
    const LevelReport report = replay_pcp(trace);
    EXPECT_GE(report.recognised(Exception::floating_high), 1U);
    EXPECT_EQ(report.tally(Predicted::pcp_state).of, report.tally(Predicted::pcp_state).agree);
}

TEST_F(ChangedTrace, AnotherHighatomicReserveIsADifference) {
    trace.after.zones.back().nr_reserved_highatomic += PageCount{512};
    const LevelReport report = replay_pcp(trace);
    EXPECT_EQ(report.total().of - report.total().agree, 1U);
    EXPECT_EQ(report.tally(Predicted::reserve).of - report.tally(Predicted::reserve).agree, 1U);
}

TEST_F(ChangedTrace, AnotherMigratetypeOfADrainIsADifferenceAtLevelBuddyToo) {
    TraceEvent& drain = first(TraceEventKind::put_back);
    drain.migratetype = drain.migratetype == 2 ? 1 : 2;
    const LevelReport report = replay_buddy(trace);
    EXPECT_LT(report.tally(Predicted::drain).agree, report.tally(Predicted::drain).of);
    const std::size_t line = trace.log.first_event_line + static_cast<std::size_t>(&drain - trace.log.events.data());
    EXPECT_NE(report.first_difference()->find(":" + std::to_string(line) + ": block"), std::string::npos);
}

// 6.1 gives a block back as what it was freed as.
TEST(ChangedTrace61, AnotherMigratetypeOfADrainIsADifferenceAtLevelBuddyToo) {
    KernelTrace changed = load_kernel_trace(sample("mix0-k61"));
    for (TraceEvent& event : changed.log.events)
        if (event.kind == TraceEventKind::put_back) {
            event.migratetype = event.migratetype == 2 ? 1 : 2;
            break;
        }
    EXPECT_FALSE(replay_buddy(changed).agrees());
}

// frag-k61 runs out of free pageblocks: 6.12 would mark its zone, 6.1 does not know the mark.
TEST(ChangedTrace61, ADrainOfAnotherTypeIsADifferenceWithoutAFreePageblock) {
    KernelTrace changed = load_kernel_trace(sample("frag-k61"));
    std::vector<TraceEvent*> drains;
    for (TraceEvent& event : changed.log.events)
        if (event.kind == TraceEventKind::put_back) drains.push_back(&event);
    ASSERT_FALSE(drains.empty());
    drains[drains.size() / 2]->migratetype ^= 1;
    EXPECT_FALSE(replay_pcp(changed).agrees());
}

TEST_F(ChangedTrace, AFreeThatIsOnABuddyListWithoutADrainIsRecognised) {
    auto& events = trace.log.events;
    const auto drain = std::find_if(events.rbegin(), events.rend(),
                                    [](const TraceEvent& event) { return event.kind == TraceEventKind::put_back; });
    drain->kind = TraceEventKind::marker;
    EXPECT_EQ(replay_pcp(trace).recognised(Exception::contended_free), 1U);
    EXPECT_EQ(replay_buddy(trace).recognised(Exception::contended_free), 1U);
}

TEST_F(ChangedTrace, RulesOfTheOtherKernelDoNotExplainIt) {
    trace.before.kernel = "6.1.192";
    EXPECT_FALSE(replay_buddy(trace).agrees());
    EXPECT_FALSE(replay_pcp(trace).agrees());
}

// --- when things happened ---

struct Schedule : ::testing::Test {
    KernelTrace trace;
    void add(TraceEventKind kind, std::uint16_t cpu, std::uint64_t pfn, unsigned order = 0, std::uint8_t migratetype = 0) {
        TraceEvent event;
        event.kind = kind;
        event.cpu_number = cpu;
        event.first = pfn;
        event.order = Order{order};
        event.migratetype = migratetype;
        trace.log.events.push_back(event);
    }
    TraceSchedule made() const { return schedule_trace(trace, find_contended_frees(trace)); }
};

TEST_F(Schedule, ARefillStandsWhereItsFirstBlockWasTaken) {
    using enum TraceEventKind;
    add(take, 0, 1);
    add(take, 1, 2);
    add(allocate, 1, 2);
    add(allocate, 0, 1);
    const TraceSchedule schedule = made();
    ASSERT_EQ(schedule.steps.size(), 2U);
    EXPECT_EQ(schedule.steps[0].events, (std::vector<std::size_t>{3}));
    EXPECT_EQ(schedule.steps[1].events, (std::vector<std::size_t>{2}));
}

TEST_F(Schedule, FreesStandWhereTheirFirstBlockWasDrained) {
    using enum TraceEventKind;
    add(free, 0, 1);
    add(free, 0, 2);
    add(free, 1, 3);
    add(put_back, 1, 3);
    add(put_back, 0, 1);
    add(free, 0, 4);
    const TraceSchedule schedule = made();
    ASSERT_EQ(schedule.steps.size(), 3U);
    EXPECT_EQ(schedule.steps[0].events, (std::vector<std::size_t>{2}));
    EXPECT_EQ(schedule.steps[1].events, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(schedule.steps[1].drains, (std::vector<std::size_t>{4}));
    EXPECT_EQ(schedule.steps[2].events, (std::vector<std::size_t>{5}));
}

TEST_F(Schedule, TakesOfAnotherMigratetypeDoNotAnswerAnAllocation) {
    using enum TraceEventKind;
    add(take, 0, 1, 0, 1);
    add(allocate, 0, 2, 0, 0);
    const TraceSchedule schedule = made();
    ASSERT_EQ(schedule.steps.size(), 1U);
    EXPECT_TRUE(schedule.steps[0].takes.empty());
    EXPECT_EQ(schedule.unanswered, (std::vector<std::size_t>{0}));
}

TEST_F(Schedule, AFreeWhoseBlockIsTakenOffABuddyListUndrainedWasContended) {
    using enum TraceEventKind;
    add(free, 0, 9);
    add(take, 0, 8, 1);
    EXPECT_EQ(find_contended_frees(trace), (std::vector<bool>{true, false}));
    EXPECT_EQ(made().steps.front().kind, TraceStep::Kind::free_directly);
}

TEST_F(Schedule, ADrainedFreeWasNotContended) {
    using enum TraceEventKind;
    add(free, 0, 9);
    add(put_back, 0, 9);
    add(take, 0, 8, 1);
    EXPECT_EQ(find_contended_frees(trace), (std::vector<bool>{false, false, false}));
}

TEST_F(Schedule, AFreeWhoseBlockStandsOnABuddyListAtTheEndUndrainedWasContended) {
    add(TraceEventKind::free, 0, 9);
    trace.after.zones.resize(1);
    trace.after.zones[0].free = {{Order{1U}, 0, {Pfn{8}}}};
    EXPECT_EQ(find_contended_frees(trace), (std::vector<bool>{true}));
}

TEST_F(Schedule, ABulkAllocationIsAsManyPagesAsItReturnedWithoutALine) {
    using enum TraceEventKind;
    add(bulk_enter, 0, 10);
    trace.log.events.back().second = 0x8;  // __GFP_MOVABLE
    add(allocate, 0, 1, 0, 1);
    add(bulk_return, 0, 4);
    const TraceSchedule schedule = made();
    ASSERT_EQ(schedule.steps.size(), 2U);
    EXPECT_EQ(schedule.steps[1].pages, 3U);
    EXPECT_EQ(schedule.steps[1].migratetype, 1);
}

TEST(LevelReplayCounts, FreesThatAnInterruptOvertookAreRecognised) {
    EXPECT_EQ(replay_at_level(sample("read-k61"), ReplayLevel::pcp).recognised(Exception::overtaken_free), 23U);
    EXPECT_EQ(replay_at_level(sample("frag-k61"), ReplayLevel::pcp).recognised(Exception::overtaken_free), 0U);
}

}  // namespace
}  // namespace splinter::platforms::testing
