// Traces as users record them: each tool's lines, what is skipped, counted or refused.
#include "platforms/workload/user_trace.h"

#include <gtest/gtest.h>

#include "platforms/workload/gfp_text.h"
#include "tests/platforms/kernel_trace_files.h"
#include "tests/platforms/user_samples.h"

namespace splinter::platforms::testing {
namespace {

using alloc::Blocking;
using alloc::Migratetype;

UserTrace parse_lines(const std::string& lines) { return parse_user_trace(lines, "t"); }
std::string trace_refusal(const std::string& lines) {
    return user_error([&] { (void)parse_lines(lines); });
}

const std::string kFree = "  a-1  [000] d..1.  1.5: mm_page_free: page=0 pfn=0x10 order=0\n";

TEST(UserTrace, ThreeToolsTellTheSameEvents) {
    const UserTrace ftrace = load_user_trace(user_sample("ftrace.txt"));
    for (const char* name : {"perf-script.txt.gz", "trace-cmd-report.txt.xz"}) {
        const UserTrace other = load_user_trace(user_sample(name));
        ASSERT_EQ(other.log.events.size(), ftrace.log.events.size());
        for (std::size_t i = 0; i < ftrace.log.events.size(); ++i) {
            EXPECT_EQ(other.log.events[i].kind, ftrace.log.events[i].kind);
            EXPECT_EQ(other.log.events[i].cpu(), ftrace.log.events[i].cpu());
            EXPECT_EQ(other.log.events[i].pfn(), ftrace.log.events[i].pfn());
            EXPECT_EQ(other.log.events[i].order, ftrace.log.events[i].order);
            EXPECT_EQ(other.log.events[i].migratetype, ftrace.log.events[i].migratetype);
        }
        EXPECT_EQ(other.log.gfp, ftrace.log.gfp);
        EXPECT_EQ(other.events, ftrace.events);
        EXPECT_EQ(other.skipped, ftrace.skipped);
        EXPECT_EQ(other.lost_events, ftrace.lost_events);
        EXPECT_EQ(other.cpus, ftrace.cpus);
    }
}

TEST(UserTrace, TheSampleHasTheEventsThatItsMakerCutOut) {
    const UserTrace trace = load_user_trace(user_sample("ftrace.txt"));
    EXPECT_EQ(trace.events.at("mm_page_alloc"), 36U);
    EXPECT_EQ(trace.events.at("mm_page_free"), 29U);
    EXPECT_EQ(trace.events.at("mm_page_alloc_zone_locked"), 43U);
    EXPECT_EQ(trace.events.at("mm_page_alloc_extfrag"), 1U);
    EXPECT_EQ(trace.skipped.at("bulk"), 1U);
    EXPECT_EQ(trace.lost_events, 3U);
    EXPECT_EQ(trace.cpus, 2U);
}

TEST(UserTrace, TheToolIsRecognisedByContent) {
    EXPECT_EQ(load_user_trace(user_sample("ftrace.txt")).format, UserTraceFormat::ftrace);
    EXPECT_EQ(load_user_trace(user_sample("perf-script.txt.gz")).format, UserTraceFormat::perf_script);
    EXPECT_EQ(load_user_trace(user_sample("trace-cmd-report.txt.xz")).format, UserTraceFormat::trace_cmd);
}

TEST(UserTrace, LinesOfAllToolsAreTakenApart) {
    for (const std::string line : {
             "          w_load-132     [003] d..3.          412: mm_page_free: page=0000 pfn=0x1212a7 order=1\n",  // counter
                                                                                                                   // clock
             "  kworker/0:0-7   (    7) [003] ..... 12.5: mm_page_free: page=0000 pfn=0x1212a7 order=1\n",         // tgid
             "  a [1] b-132     [003] 412.000001: mm_page_free:       page=0000 pfn=0x1212a7 order=1\n",           // comm
             "w load   132/133 [003]  412.000001: kmem:mm_page_free: page=0000 pfn=0x1212a7 order=1\n",            // pid/tid
             "w 132 [003]  412.000001:          1 kmem:mm_page_free: page=0000 pfn=0x1212a7 order=1\n",            // period
             "w 132 [003]  412.000001: kmem:mm_page_free: page=0000 pfn=1184423 order=1\n",                        // decimal
         }) {
        SCOPED_TRACE(line);
        expect_contains(trace_refusal(line), "a page frame number aligned to order 1");  // 0x1212a7 is odd
        std::string single = line;
        single.replace(single.find("order=1"), 7, "order=0");
        const UserTrace trace = parse_lines(single);
        ASSERT_EQ(trace.log.events.size(), 1U);
        EXPECT_EQ(trace.log.events[0].pfn(), Pfn{0x1212a7});
        EXPECT_EQ(trace.log.events[0].cpu(), CpuId{3});
        EXPECT_EQ(trace.cpus, 4U);
    }
}

TEST(UserTrace, LostEventsAreCountedAsEachToolTellsOfThem) {
    EXPECT_EQ(parse_lines("CPU:2 [LOST 7 EVENTS]\n" + kFree).lost_events, 7U);
    EXPECT_EQ(parse_lines("CPU:2 [7 EVENTS DROPPED]\n" + kFree).lost_events, 7U);
    EXPECT_EQ(parse_lines("a 1 [002] 1.5: PERF_RECORD_LOST lost 7\n" + kFree).lost_events, 7U);
    EXPECT_EQ(parse_lines("# entries-in-buffer/entries-written: 3/10   #P:4\n" + kFree).lost_events, 7U);
    EXPECT_EQ(parse_lines("# entries-in-buffer/entries-written: 10/10   #P:4\n" + kFree).lost_events, 0U);
    const UserTrace some = parse_lines("CPU:2 [EVENTS DROPPED]\nCPU:2 [LOST EVENTS]\n" + kFree);
    EXPECT_EQ(some.lost_events, 0U);
    EXPECT_EQ(some.lost_without_number, 2U);
}

TEST(UserTrace, OtherEventsAreSkippedAndCountedByName) {
    const UserTrace trace = parse_lines(kFree +
                                        "a-1 [000] d... 1.6: sched_switch: prev_comm=a [7] next=b\n"
                                        "a-1 [000] d... 1.7: sched_switch: prev_comm=a\n");
    EXPECT_EQ(trace.log.events.size(), 1U);
    EXPECT_EQ(trace.skipped, (std::map<std::string, std::uint64_t>{{"sched_switch", 2}}));
}

TEST(UserTrace, CallChainsAndHeadersAreNotEvents) {
    const UserTrace trace = parse_lines("cpus=4\nCPU 2 is empty\n# tracer: nop\n\n" + kFree +
                                        "\tffffffff81234567 __free_pages+0x7 ([kernel.kallsyms])\n => __free_pages\n\n");
    EXPECT_EQ(trace.log.events.size(), 1U);
    EXPECT_TRUE(trace.skipped.empty());
}

TEST(UserTrace, MalformedLinesAreRefusedWithTheirPlace) {
    const std::string start = "  a-1  [000] d..1.  1.5: ";
    expect_contains(trace_refusal(kFree + "hello\n"), "t:2:1: found 'hello', expected a line of ftrace");
    expect_contains(trace_refusal(start + "mm_page_free: page=0 pfn=0x1g order=0\n"),
                    "t:1:53: found '1g', expected page frame number");
    expect_contains(trace_refusal(start + "mm_page_free: page=0 pfn=0x10 order=11\n"), "t:1:62: found '11', expected order");
    expect_contains(trace_refusal(start + "mm_page_free: page=0 order=0\n"), "expected a field pfn=");
    expect_contains(trace_refusal(start + "mm_page_alloc: page=0 pfn=0x10 order=0 migratetype=9 gfp_flags=GFP_KERNEL\n"),
                    "found '9', expected migratetype");
    expect_contains(trace_refusal(start + "mm_page_alloc: page=0 pfn=0x10 order=0 migratetype=0\n"),
                    "expected a field gfp_flags=");
    expect_contains(trace_refusal(kFree + "  a-1  [000] d..1.  1.5: mm_page_fr"),
                    "a newline (the file is cut off in this line)");
    expect_contains(trace_refusal("  a-1  [99999] d..1.  1.5: mm_page_free: page=0 pfn=0x10 order=0\n"),
                    "t:1:9: found '99999', expected cpu");
    expect_contains(trace_refusal("  a-1  [1024] d..1.  1.5: mm_page_free: page=0 pfn=0x10 order=0\n"),
                    "t:1:9: found '1024', expected cpu");
    expect_contains(trace_refusal(kFree + start + "mm_page_alloc: page=0 pfn=0x10 order=0 gfp_flags=GFP_KERNEL\n"),
                    "t:2:41: found 'page=0 pfn=0x10 order=0 gfp_flags=GFP_KE'..., expected a field migratetype=");
    expect_contains(trace_refusal(start + "mm_page_free page=0 pfn=0x10 order=0\n"),
                    "t:1:26: found 'mm_page_free', expected the name of an event and a colon");
    expect_contains(trace_refusal(start + "sched_switch prev_comm=a\n"), "t:1:26: found 'sched_switch'");
}

TEST(UserTrace, LinesOfTheFunctionTracerAreSkipped) {
    const UserTrace trace = parse_lines(kFree + "  a-1  [000] d..1.  1.6: kfree <-do_exit\n");
    EXPECT_EQ(trace.skipped, (std::map<std::string, std::uint64_t>{{"kfree", 1}}));
}

TEST(UserTrace, CpusWithEventsAreCounted) {
    const UserTrace trace = parse_lines(kFree + kFree + "  a-1  [1023] d..1.  1.5: mm_page_free: page=0 pfn=0x20 order=0\n");
    EXPECT_EQ(trace.cpus, 1024U);
    EXPECT_EQ(trace.busy_cpus, 2U);
}

TEST(UserTrace, FilesWithoutEventsAndBinaryFilesAreRefused) {
    expect_contains(trace_refusal(""), "t: holds no event of the page allocator");
    expect_contains(trace_refusal("# tracer: nop\n"), "t: holds no event of the page allocator");
    expect_contains(trace_refusal(std::string{"\x17\x08\x44tracing6\0", 12}), "give the output of `trace-cmd report`");
    expect_contains(trace_refusal("PERFILE2xxxx"), "give the output of `perf script`");
}

TEST(UserTrace, AnAllocationThatTheKernelFailedIsCountedApart) {
    for (const char* pfn : {"0x0", "0", "0xffffffffffffffff", "18446744073709551615"}) {
        const UserTrace trace = parse_lines("a-1 [005] d... 1.6: mm_page_alloc: page=(null) pfn=" + std::string{pfn} +
                                            " order=9 migratetype=1 gfp_flags=GFP_TRANSHUGE\n");
        EXPECT_TRUE(trace.log.events.empty());
        EXPECT_EQ(trace.failed_allocations, 1U);
        EXPECT_EQ(trace.cpus, 6U);
    }
}

TEST(UserTrace, ABatchedFreeRepeatsItsFreeOrStandsAlone) {
    const std::string batched = "  a-1  [000] d..1.  1.6: mm_page_free_batched: page=0 pfn=0x10 order=0\n";
    const UserTrace both = parse_lines(kFree + batched);
    EXPECT_EQ(both.log.count(TraceEventKind::free), 1U);
    EXPECT_EQ(both.log.events.size(), 1U);
    EXPECT_EQ(both.events.at("mm_page_free_batched"), 1U);
    const UserTrace alone = parse_lines(batched);
    EXPECT_EQ(alone.log.count(TraceEventKind::free), 1U);
    EXPECT_EQ(alone.log.events.at(0).flags, 0);
}

TEST(UserTrace, MigratetypesWithoutACommonNumberAreTakenFromTheFlags) {
    const std::string start = "a-1 [000] d... 1.6: mm_page_alloc: page=0 pfn=0x10 order=0 ";
    EXPECT_EQ(parse_lines(start + "migratetype=4 gfp_flags=GFP_HIGHUSER_MOVABLE\n").log.events[0].migratetype, 1);
    EXPECT_EQ(parse_lines(start + "migratetype=3 gfp_flags=GFP_KERNEL|__GFP_RECLAIMABLE\n").log.events[0].migratetype, 2);
    EXPECT_EQ(parse_lines(start + "migratetype=0 gfp_flags=GFP_HIGHUSER_MOVABLE\n").log.events[0].migratetype, 0);
}

TEST(GfpText, TellsMigratetypeAndBlockingOfBothKernelsNames) {
    struct Case {
        const char* text;
        Migratetype type;
        Blocking blocking;
    };
    for (const Case& c : {
             Case{"GFP_KERNEL_ACCOUNT|__GFP_ZERO", Migratetype::unmovable, Blocking::may_block},
             Case{"GFP_HIGHUSER_MOVABLE|__GFP_COMP", Migratetype::movable, Blocking::may_block},
             Case{"GFP_TRANSHUGE_LIGHT", Migratetype::movable, Blocking::may_not_block},
             Case{"GFP_TRANSHUGE_LIGHT|__GFP_DIRECT_RECLAIM", Migratetype::movable, Blocking::may_block},
             Case{"GFP_NOWAIT|__GFP_NOWARN", Migratetype::unmovable, Blocking::may_not_block},
             Case{"GFP_ATOMIC|__GFP_RECLAIMABLE", Migratetype::reclaimable, Blocking::may_not_block},
             Case{"__GFP_IO|__GFP_FS|__GFP_RECLAIM|0x400000", Migratetype::unmovable, Blocking::may_block},
             Case{"0x0", Migratetype::unmovable, Blocking::may_not_block},
         }) {
        const GfpMeaning meaning = read_gfp(c.text);
        EXPECT_EQ(meaning.migratetype, c.type) << c.text;
        EXPECT_EQ(meaning.blocking, c.blocking) << c.text;
        EXPECT_TRUE(meaning.unknown.empty()) << c.text;
    }
}

TEST(GfpText, TellsTheZoneLimitAndUnknownNames) {
    EXPECT_EQ(read_gfp("GFP_KERNEL").highest_zone, alloc::ZoneKind::movable);
    EXPECT_EQ(read_gfp("GFP_KERNEL|GFP_DMA32").highest_zone, alloc::ZoneKind::dma32);
    EXPECT_EQ(read_gfp("GFP_KERNEL|GFP_DMA").highest_zone, alloc::ZoneKind::dma);
    EXPECT_EQ(read_gfp("GFP_KERNEL|__GFP_NEW").unknown, (std::vector<std::string>{"__GFP_NEW"}));
    EXPECT_EQ(parse_lines("a-1 [000] d... 1.6: mm_page_alloc: page=0 pfn=0x10 order=0 migratetype=0 gfp_flags=__GFP_NEW\n")
                  .unknown_gfp.at("__GFP_NEW"),
              1U);
}

}  // namespace
}  // namespace splinter::platforms::testing
