#include "platforms/workload/kernel_trace_log.h"

#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::user_error;

const std::string kOneOfEach =
    "# A=1 F=1 L=1 D=1 X=1 B=1 R=1 P=1 C=1 M=1 I=1 J=1 T=1 K=1\n"
    "# gfp 0 GFP_KERNEL\n"
    "# gfp 1 GFP_HIGHUSER|__GFP_ZERO\n"
    "A,3,12127c,9,1,1\n"
    "F,2,fffff,10\n"
    "L,1,1212a7,3,2,1\n"
    "D,0,11267c,1,5\n"
    "X,1,121400,2,10,0,1,1,0\n"
    "B,3,2dc2,4\n"
    "R,3,17\n"
    "P,0,2\n"
    "C,1,compaction\n"
    "M,0,ORACLE_MIX drain, live=5076\n"
    "I,0,12127b\n"
    "J,0,12127a\n"
    "T,4\n"
    "K,0,ffff88812127b000,ffffffffffffffff\n";

TraceLog parse_log(const std::string& text) { return parse_trace(text, "t.csv"); }

// The message for a trace of one line, announced as that.
std::string error_of_line(const std::string& line) {
    return user_error(
        [&] { (void)parse_log(std::string{"# "} + line.substr(0, 1) + "=1\n# gfp 0 GFP_KERNEL\n" + line + "\n"); });
}

std::string log_error(const std::string& text) {
    return user_error([&] { (void)parse_log(text); });
}

TEST(KernelTraceLog, EveryFieldOfEveryKindIsKept) {
    const TraceLog log = parse_log(kOneOfEach);
    ASSERT_EQ(log.events.size(), kTraceEventKinds);
    EXPECT_EQ(log.gfp, (std::vector<std::string>{"GFP_KERNEL", "GFP_HIGHUSER|__GFP_ZERO"}));
    for (std::size_t i = 0; i < kTraceEventKinds; ++i) {
        EXPECT_EQ(log.events[i].kind, static_cast<TraceEventKind>(i));
        EXPECT_EQ(log.counts[i], 1U);
    }
    const auto& e = log.events;
    EXPECT_EQ(e[0].cpu(), CpuId{3});
    EXPECT_EQ(e[0].pfn(), Pfn{0x12127c});
    EXPECT_EQ(e[0].block(), (PfnRange{Pfn{0x12127c}, PageCount{512}}));
    EXPECT_EQ(e[0].migratetype, 1);
    EXPECT_EQ(e[0].gfp_index(), 1U);
    EXPECT_EQ(e[1].pfn(), Pfn{0xfffff});
    EXPECT_EQ(e[1].order, Order{10U});
    EXPECT_EQ(e[2].order, Order{3U});
    EXPECT_EQ(e[2].migratetype, 2);
    EXPECT_TRUE(e[2].has_flag(kRefill));
    EXPECT_EQ(e[3].order, Order{1U});
    EXPECT_EQ(e[3].migratetype, 5);
    EXPECT_EQ(e[4].pfn(), Pfn{0x121400});
    EXPECT_EQ(e[4].order, Order{2U});
    EXPECT_EQ(e[4].fallback_order, Order{10U});
    EXPECT_EQ(e[4].migratetype, 0);
    EXPECT_EQ(e[4].fallback_migratetype, 1);
    EXPECT_TRUE(e[4].has_flag(kFragmenting));
    EXPECT_FALSE(e[4].has_flag(kOwn));
    EXPECT_EQ(e[5].gfp_bits(), 0x2dc2U);
    EXPECT_EQ(e[5].bulk_pages(), PageCount{4});
    EXPECT_EQ(e[6].bulk_pages(), PageCount{17});
    EXPECT_EQ(e[7].zone_index(), 2U);
    EXPECT_EQ(log.texts.at(e[8].text_index()), "compaction");
    EXPECT_EQ(log.texts.at(e[9].text_index()), "ORACLE_MIX drain, live=5076");
    EXPECT_EQ(e[10].pfn(), Pfn{0x12127b});
    EXPECT_EQ(e[11].pfn(), Pfn{0x12127a});
    EXPECT_EQ(e[12].cpu(), CpuId{4});
    EXPECT_EQ(e[13].flush_start(), VirtAddr{0xffff88812127b000});
    EXPECT_EQ(e[13].flush_end(), VirtAddr{~std::uint64_t{0}});
}

TEST(KernelTraceLog, AnEventKnowsItsLine) {
    const TraceLog log = parse_log(kOneOfEach);
    EXPECT_EQ(log.place(0), "t.csv:4");
    EXPECT_EQ(log.place(13), "t.csv:17");
    EXPECT_EQ(parse_log("# T=1\nT,0\n").place(0), "t.csv:2");
}

TEST(KernelTraceLog, ATraceCutBetweenTwoLinesIsTruncated) {
    const std::string cut = kOneOfEach.substr(0, kOneOfEach.find("T,4"));
    EXPECT_EQ(log_error(cut),
              "t.csv:15: the trace is truncated: found T=0 instead of 1, K=0 instead of 1 lines, as line 1 announces");
    EXPECT_EQ(log_error("# A=1 F=2\n"),
              "t.csv:1: the trace is truncated: found A=0 instead of 1, F=0 instead of 2 lines, as line 1 announces");
}

TEST(KernelTraceLog, ATraceCutInsideALineIsTruncated) {
    EXPECT_EQ(log_error(kOneOfEach.substr(0, kOneOfEach.size() - 1)),
              "t.csv:17:38: found the end of the file, expected a newline (the file is cut off in this line)");
    for (std::size_t size = 0; size < kOneOfEach.size(); ++size) {
        EXPECT_NE(log_error(kOneOfEach.substr(0, size)), "(no error)") << "cut to " << size << " bytes";
    }
}

TEST(KernelTraceLog, MoreLinesThanAnnouncedAreAnotherTrace) {
    EXPECT_EQ(log_error("# T=1 F=1\nT,0\nT,1\n"),
              "t.csv:3: the trace is not the one that line 1 announces: found T=2 instead of 1, F=0 instead of 1 lines");
}

TEST(KernelTraceLog, TheHeaderComesFirst) {
    expect_contains(log_error(""), "t.csv:1:1: found an empty file, expected the line of counts");
    expect_contains(log_error("T,0\n# T=1\n"), "t.csv:1:1: found 'T,0\\x0a# T=1\\x0a', expected the line of counts");
    expect_contains(log_error("# gfp 0 GFP_KERNEL\n"), "t.csv:1:3: found 'gfp', expected a count");
    expect_contains(log_error("# T=2\nT,0\n# gfp 0 GFP_KERNEL\nT,0\n"),
                    "t.csv:3:1: found '# gfp 0 GFP_KERNEL', expected an event");
    expect_contains(log_error("# T=1\n# pfg 0 X\nT,0\n"), "t.csv:2:1: found '# pfg 0 X'");
}

TEST(KernelTraceLog, TheCountsAreChecked) {
    expect_contains(log_error("# T=1 Z=1\nT,0\n"), "t.csv:1:7: found 'Z=1', expected a count: K=N, K one of AFLDXBRPCMIJTK");
    expect_contains(log_error("# T=1x\nT,0\n"), "t.csv:1:5: found '1x', expected number of lines");
    expect_contains(log_error("# T=-1\nT,0\n"), "t.csv:1:5: found '-1'");
    expect_contains(log_error("# T=1 T=1\nT,0\n"), "t.csv:1:7: found 'T=1', expected each kind once");
    expect_contains(log_error("# A=4000000000\n"), "the trace is truncated");  // and does not reserve memory for them
}

TEST(KernelTraceLog, TheGfpTableIsConsecutive) {
    expect_contains(log_error("# T=1\n# gfp 1 GFP_KERNEL\nT,0\n"), "t.csv:2:7: found '1', expected gfp index 0");
    expect_contains(log_error("# T=1\n# gfp 0\nT,0\n"), "t.csv:2:8: found nothing, expected flag names");
}

TEST(KernelTraceLog, WrongFieldsAreNamedWithLineAndColumn) {
    EXPECT_EQ(error_of_line("F,0,12g,0"), "t.csv:3:5: found '12g', expected page frame number (hexadecimal, 0 to ffffffffff)");
    expect_contains(error_of_line("F,0,0x12,0"), "t.csv:3:5: found '0x12'");
    expect_contains(error_of_line("F,0,-1,0"), "t.csv:3:5: found '-1'");
    expect_contains(error_of_line("F,0,10000000000,0"), "t.csv:3:5: found '10000000000'");
    expect_contains(error_of_line("F,8192,1,0"), "t.csv:3:3: found '8192', expected cpu (decimal, 0 to 8191)");
    expect_contains(error_of_line("F,,1,0"), "t.csv:3:3: found nothing, expected cpu");
    expect_contains(error_of_line("F,0,1,11"), "t.csv:3:7: found '11', expected order (decimal, 0 to 10)");
    expect_contains(error_of_line("F,0,1, 1"), "t.csv:3:7: found ' 1', expected order");
    expect_contains(error_of_line("D,0,1,0,6"), "t.csv:3:9: found '6', expected migratetype (decimal, 0 to 5)");
    expect_contains(error_of_line("L,0,1,0,1,2"), "t.csv:3:11: found '2', expected refill flag (decimal, 0 to 1)");
    expect_contains(error_of_line("A,0,1,0,0,1"), "t.csv:3:11: found '1', expected a gfp index below 1");
    expect_contains(error_of_line("X,0,1,0,11,0,1,0,1"), "t.csv:3:9: found '11', expected fallback order");
    expect_contains(error_of_line("K,0,2000,1000"), "t.csv:3:10: found '1000', expected an end address not below the start");
    expect_contains(error_of_line("M,0,"), "t.csv:3:5: found nothing, expected a text");
}

TEST(KernelTraceLog, TooFewAndTooManyFieldsAreErrors) {
    expect_contains(error_of_line("F,0,1"), "t.csv:3:6: found the end of the line, expected another field: order");
    expect_contains(error_of_line("F,0,1,0,9"), "t.csv:3:8: found ',9', expected the end of the line");
    expect_contains(error_of_line("T,0,"), "t.csv:3:4: found ',', expected the end of the line");
    expect_contains(error_of_line("M,0"), "t.csv:3:4: found the end of the line, expected another field: text");
}

TEST(KernelTraceLog, UnknownKindsAndBlankLinesAreErrors) {
    expect_contains(log_error("# T=1\nQ,0\n"), "t.csv:2:1: found 'Q', expected an event's kind: one of AFLDXBRPCMIJTK");
    expect_contains(log_error("# T=1\nTT,0\n"), "t.csv:2:1: found 'TT'");
    expect_contains(log_error("# T=1\n\nT,0\n"), "t.csv:2:1: found nothing, expected an event's kind");
    expect_contains(log_error("# T=1\nT,0\n\n"), "t.csv:3:1: found nothing, expected an event's kind");
    expect_contains(log_error("# T=1\r\nT,0\r\n"), "t.csv:1:5: found '1\\x0d'");
}

TEST(KernelTraceLog, BinaryContentIsQuotedReadably) {
    expect_contains(log_error(std::string("\x7F"
                                          "ELF\0\1",
                                          6)),
                    "t.csv:1:1: found '\\x7fELF\\x00\\x01', expected the line of counts");
    expect_contains(log_error(std::string("# T=1\nT,\0\n", 10)), "t.csv:2:3: found '\\x00', expected cpu");
    expect_contains(log_error("# T=1\n" + std::string(1000, 'x') + "\n"), "found '" + std::string(40, 'x') + "'..., expected");
    expect_contains(error_of_line(std::string("M,0,a\0b", 7)), "t.csv:3:5: found 'a\\x00b', expected a text");
}

}  // namespace
}  // namespace splinter::platforms
