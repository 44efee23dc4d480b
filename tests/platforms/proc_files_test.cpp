// /proc/buddyinfo and /proc/pagetypeinfo: read, turned into a machine, and written again.
#include "platforms/run/proc_files.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "platforms/build/zone_plan.h"
#include "platforms/report/proc_directory.h"
#include "platforms/workload/proc_start.h"
#include "tests/platforms/kernel_trace_files.h"
#include "tests/platforms/user_samples.h"

namespace splinter::platforms::testing {
namespace {

using alloc::FrameTable;

// The zones of a start with their frames.
struct SampleMachine {
    explicit SampleMachine(const KernelSnapshot& snapshot)
        : frames{snapshot.zones.back().span.end() - Pfn{0}}, zones{plan_zones(snapshot, frames, alloc::kLinux6_12)} {}
    std::vector<ZoneText> texts() const {
        std::vector<ZoneText> all;
        for (const alloc::Zone& zone : zones) all.push_back({zone.layout().name, alloc::take_census(zone)});
        return all;
    }
    FrameTable frames;
    std::vector<alloc::Zone> zones;
};

ProcStart sample_start() {
    return place_free_lists(load_proc_free_lists(user_sample("buddyinfo"), user_sample("pagetypeinfo")), 2);
}

TEST(ProcFiles, WhatTheKernelPrintedIsWrittenAgainByteForByte) {
    const SampleMachine typed{sample_start().snapshot};
    EXPECT_EQ(pagetypeinfo_text(typed.texts()), read_bytes(user_sample("pagetypeinfo")));
    const SampleMachine plain{place_free_lists(load_proc_free_lists(user_sample("buddyinfo"), ""), 2).snapshot};
    EXPECT_EQ(buddyinfo_text(plain.texts()), read_bytes(user_sample("buddyinfo")));
}

TEST(ProcFiles, NameTheNodeOfEachZone) {
    const ZoneText zone{"Normal", {}, 1};
    EXPECT_TRUE(buddyinfo_text({zone}).starts_with("Node 1, zone   Normal "));
    EXPECT_NE(pagetypeinfo_text({zone}).find("Node    1, zone   Normal, type    Unmovable "), std::string::npos);
    EXPECT_NE(pagetypeinfo_text({zone}).find("\nNode 1, zone   Normal "), std::string::npos);
}

TEST(ProcFiles, UnmappedBlocksAreARowAndAColumnOfTheirOwn) {
    ZoneText zone{"Normal", {}};
    zone.census.free[alloc::kUnmappedRow][9] = 3;
    zone.census.pageblocks = {1, 2, 0, 0, 0, 4};
    const std::string text = pagetypeinfo_text({zone});
    EXPECT_NE(
        text.find("Node    0, zone   Normal, type     Unmapped      0      0      0      0      0      0      0      0      "
                  "0      3      0 \n"),
        std::string::npos)
        << text;
    EXPECT_TRUE(text.ends_with(
        "\nNumber of blocks type     Unmovable      Movable  Reclaimable   HighAtomic      Isolate     Unmapped \n"
        "Node 0, zone   Normal            1            2            0            0            0            4 \n"))
        << text;
    EXPECT_EQ(buddyinfo_text({zone}),
              "Node 0, zone   Normal      0      0      0      0      0      0      0      0      0      3      0 \n");
    const ProcFreeLists back = parse_pagetypeinfo(text, "t");
    EXPECT_EQ(back.zones.at(0).free[static_cast<std::size_t>(FreeRow::unmapped)][9], 3U);
    EXPECT_EQ(back.zones.at(0).pageblocks[static_cast<std::size_t>(FreeRow::unmapped)], 4U);
}

TEST(ProcFiles, LongListsAreCappedAsTheKernelCapsThem) {
    ZoneText zone{"Normal", {}};
    zone.census.free[1][0] = 123456;
    zone.census.free[0][0] = 99999;
    const std::string text = pagetypeinfo_text({zone});
    EXPECT_NE(text.find("type      Movable >100000      0 "), std::string::npos) << text;
    EXPECT_NE(text.find("type    Unmovable  99999      0 "), std::string::npos) << text;
    expect_contains(user_error([&] { (void)parse_pagetypeinfo(text, "t"); }), "t:6: a count is capped by the kernel");
    const ProcFreeLists plain = parse_buddyinfo(buddyinfo_text({zone}), "b");
    const ProcFreeLists typed = parse_pagetypeinfo(text, "t", &plain);
    EXPECT_EQ(typed.zones.at(0).free[static_cast<std::size_t>(FreeRow::movable)][0], 123456U);
}

// In the order of a recorded kernel's file, which may have more.
TEST(ProcFiles, VmstatHasTheKernelsNamesInItsOrder) {
    std::map<std::string, std::uint64_t> counters;
    alloc::for_each_counter([&](std::string_view name, auto) { counters[std::string{name}] = 100 + counters.size(); });
    const std::string text = vmstat_text(7, counters);
    std::istringstream lines{text};
    std::vector<std::string> names;
    std::map<std::string, std::uint64_t> values;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.find(' ');
        ASSERT_NE(space, std::string::npos) << line;
        names.push_back(line.substr(0, space));
        EXPECT_TRUE(values.emplace(names.back(), std::stoull(line.substr(space + 1))).second) << line;
    }
    const std::vector<std::string> begin{"nr_free_pages",     "pgalloc_dma",        "pgalloc_dma32",     "pgalloc_normal",
                                         "pgalloc_movable",   "pgalloc_device",     "allocstall_dma",    "allocstall_dma32",
                                         "allocstall_normal", "allocstall_movable", "allocstall_device", "pgfree",
                                         "pgmigrate_success", "pgmigrate_fail"};
    ASSERT_GE(names.size(), begin.size());
    EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(begin.size())), begin);
    EXPECT_EQ(values.at("nr_free_pages"), 7U);
    EXPECT_EQ(values.at("pgalloc_device"), 0U);
    for (const auto& [name, value] : values) EXPECT_TRUE(!counters.contains(name) || value == counters.at(name)) << name;
    EXPECT_FALSE(values.contains("pgalloc"));
    EXPECT_FALSE(values.contains("nr_free_pages_blocks"));  // 6.15
}

TEST(ProcFreeLists, BuddyinfoAloneIsAllMovable) {
    const ProcFreeLists lists = load_proc_free_lists(user_sample("buddyinfo"), "");
    ASSERT_EQ(lists.zones.size(), 3U);
    EXPECT_EQ(lists.zones[1].name, "DMA32");
    EXPECT_EQ(lists.zones[1].free[static_cast<std::size_t>(FreeRow::movable)][10], 734U);
    EXPECT_EQ(lists.zones[1].free_pages(), load_proc_free_lists("", user_sample("pagetypeinfo")).zones[1].free_pages());
}

TEST(ProcFreeLists, ZonesOfSeveralNodesAreOne) {
    const std::string counts = "      1      0      0      0      0      0      0      0      0      0      2 \n";
    const ProcFreeLists lists = parse_buddyinfo("Node 0, zone   Normal" + counts + "Node 1, zone   Normal" + counts, "b");
    ASSERT_EQ(lists.zones.size(), 1U);
    EXPECT_EQ(lists.zones[0].free_of_all_rows()[10], 4U);
    ASSERT_EQ(lists.notes.size(), 1U);
    expect_contains(lists.notes[0], "2 nodes were merged into one");
}

TEST(ProcFreeLists, MalformedFilesAreRefusedWithTheirPlace) {
    const auto buddyinfo = [](const std::string& text) { return user_error([&] { (void)parse_buddyinfo(text, "b"); }); };
    expect_contains(buddyinfo(""), "b: names no zone");
    expect_contains(buddyinfo("Node 0, zone Normal 1 2\n"), "b:1:24: found nothing, expected another word: a count");
    expect_contains(buddyinfo("Node 0, zone Normal 1 x\n"), "b:1:23: found 'x', expected number of blocks");
    expect_contains(buddyinfo("Node 0, zone Normal 1 2 3 4 5 6 7 8 9 10 11 12\n"),
                    "expected the end of the line after order 10");
    expect_contains(buddyinfo("MemTotal: 12 kB\n"), "b:1:1: found 'MemTotal:', expected 'Node'");
    const auto typed = [](const std::string& text) { return user_error([&] { (void)parse_pagetypeinfo(text, "t"); }); };
    expect_contains(typed("Page block order: 10\n"), "t:1:19: found '10', expected 9");
    expect_contains(typed("Node 0, zone Normal, type Blue 1\n"), "t:1:27: found 'Blue', expected a migratetype");
    expect_contains(typed("hello\n"), "t:1:1: found 'hello', expected a line of /proc/pagetypeinfo");
    expect_contains(typed("Page block order: 9\n"), "t:1: ends without the lines after \"Number of blocks type");
}

TEST(ProcFreeLists, FilesThatDoNotAgreeAreNoted) {
    const ProcFreeLists lists = load_proc_free_lists(user_sample("buddyinfo"), user_sample("pagetypeinfo"));
    ASSERT_EQ(lists.notes.size(), 1U);  // the recorded machine ran between the two
    expect_contains(lists.notes[0], "pagetypeinfo has 0 free pages more and 2016 fewer than buddyinfo");
}

TEST(ProcStart, BlocksAreAlignedDisjointAndHaveNoFreeBuddies) {
    const ProcStart start = sample_start();
    for (const SnapshotZone& zone : start.snapshot.zones) {
        std::set<std::pair<Pfn, Order>> blocks;
        std::vector<bool> taken(zone.span.end().raw());
        for (const SnapshotFreeList& list : zone.free)
            for (const Pfn block : list.blocks) {
                EXPECT_EQ(block.raw() % list.order.pages().raw(), 0U);
                blocks.emplace(block, list.order);
                for (Pfn page = block; page < block + list.order.pages(); page += PageCount{1}) {
                    ASSERT_TRUE(zone.span.contains(page));
                    EXPECT_FALSE(taken[page.raw()]);
                    taken[page.raw()] = true;
                }
                if (list.order < alloc::kPageblockOrder) {
                    EXPECT_EQ(zone.pageblock_types[(block - zone.pageblock_start).raw() >> 9] - '0', list.migratetype);
                }
            }
        for (const auto& [block, order] : blocks)
            if (order < alloc::kMaxOrder) {
                EXPECT_FALSE(blocks.contains({Pfn{block.raw() ^ order.pages().raw()}, order}));
            }
    }
}

TEST(ProcStart, PageblocksAreThoseThatPagetypeinfoCounts) {
    const ProcStart start = sample_start();
    EXPECT_EQ(start.snapshot.zones[2].pageblock_types.size(), 138U + 372 + 2);
    for (const std::string& note : start.notes) EXPECT_EQ(note.find("were added"), std::string::npos) << note;
}

TEST(ProcStart, PageblocksAreAddedWhereTheCountsNeedThem) {
    ProcFreeLists lists;
    lists.has_rows = true;
    lists.zones.push_back({"Normal", {}, {}});
    lists.zones[0].free[0][0] = 300;  // of each pageblock only every other page, so that none merge
    lists.zones[0].pageblocks[0] = 1;
    const ProcStart start = place_free_lists(lists, 1);
    EXPECT_EQ(start.snapshot.zones.at(0).pageblock_types, "00");
    EXPECT_NE(start.notes.back().find("1 pageblocks were added"), std::string::npos) << start.notes.back();
}

TEST(ProcStart, SmallBlocksShareAPageblockAsDeepAsTheyMustNotMerge) {
    ProcFreeLists lists;
    lists.has_rows = true;
    lists.zones.push_back({"Normal", {}, {}});
    for (unsigned order = 0; order < 9; ++order) lists.zones[0].free[2][order] = 1;  // all but one page
    lists.zones[0].pageblocks[2] = 1;
    EXPECT_EQ(place_free_lists(lists, 1).snapshot.zones.at(0).pageblock_types, "2");
}

TEST(ProcDirectory, IsCreatedAndHoldsWholeFiles) {
    const ScratchDirectory scratch;
    RunResult result;
    result.workloads.resize(1);
    result.workloads[0].workload = "trace";
    result.workloads[0].proc = {{"buddyinfo", "x\n"}};
    prepare_proc_directory(scratch.file("a/b"));
    write_proc_directory(scratch.file("a/b"), result);
    EXPECT_EQ(read_bytes(scratch.file("a/b/buddyinfo")), "x\n");
    result.workloads.push_back(result.workloads[0]);
    result.workloads[1].workload = "secretmem";
    write_proc_directory(scratch.file("c"), result);
    EXPECT_EQ(read_bytes(scratch.file("c/secretmem/buddyinfo")), "x\n");
    scratch.write("file", "");
    expect_contains(user_error([&] { prepare_proc_directory(scratch.file("file")); }), "exists and is not a directory");
}

}  // namespace
}  // namespace splinter::platforms::testing
