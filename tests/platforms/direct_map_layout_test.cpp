#include "platforms/workload/direct_map_layout.h"

#include <gtest/gtest.h>

#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::user_error;
using x86::PageSize;

constexpr const char* kBase = "# base ffff888000000000 limit ffff888140000000 la57 0 format: start end level flags\n";

DirectMapLayout parse_layout(const std::string& lines) { return parse_direct_map_layout(kBase + lines, "layout"); }
std::string layout_refusal(const std::string& lines) {
    return user_error([&] { (void)parse_layout(lines); });
}

TEST(DirectMapLayoutText, RunsAreFramesLeafSizeAndFlagsWithoutPs) {
    const DirectMapLayout layout = parse_layout(
        "ffff888000200000 ffff888001000000 2 8000000000000183\n"
        "ffff888040000000 ffff888080000000 3 8000000000000183\n"
        "# dmap 4k=0\n"
        "ffff888100000000 ffff888100001000 1 101\n");
    ASSERT_EQ(layout.runs.size(), 3U);
    EXPECT_EQ(layout.runs[0], (alloc::DirectMapRun{{Pfn{512}, PageCount{7 * 512}}, PageSize::m2, 0x8000000000000103}));
    EXPECT_EQ(layout.runs[1].leaf, PageSize::g1);
    EXPECT_EQ(layout.runs[2], (alloc::DirectMapRun{{Pfn{0x100000}, PageCount{1}}, PageSize::k4, 0x101}));
    EXPECT_EQ(layout.end(), Pfn{0x100001});
}

TEST(DirectMapLayoutText, BadLinesAreNamedWithColumnFoundAndExpected) {
    EXPECT_EQ(layout_refusal("ffff888000200000 ffff888001000000 4 183\n"),
              "layout:2:35: found '4', expected the level of a leaf, 1 to 3 (decimal, 0 to 3)");
    EXPECT_EQ(layout_refusal("ffff888000201000 ffff888001000000 2 183\n"),
              "layout:2:1: found 'ffff888000201000', expected an address aligned to a leaf of level 2");
    EXPECT_EQ(layout_refusal("ffff888000200000 ffff888000200000 2 183\n"),
              "layout:2:18: found 'ffff888000200000', expected an end above the start");
    EXPECT_EQ(layout_refusal("ffff888000000000 ffff888000002000 1 3\nffff888000001000 ffff888000003000 1 3\n"),
              "layout:3:1: found 'ffff888000001000', expected a start at or above the end of the run before");
    EXPECT_EQ(layout_refusal("ffff888000200000 ffff888000400000 2 1183\n"),
              "layout:2:37: found '1183', expected flags of an entry, none of 0x1000: addresses and PAT are not among them");
    EXPECT_EQ(layout_refusal("ffff888000200000 ffff888000400000 2\n"),
              "layout:2:1: found 'ffff888000200000 ffff888000400000 2', expected four words: start end level flags");
    EXPECT_EQ(layout_refusal(""), "layout: found no leaf, expected lines of: start end level flags");
}

TEST(DirectMapLayoutText, TheBaseComesFirst) {
    EXPECT_EQ(user_error([] { (void)parse_direct_map_layout("ffff888000000000 ffff888000001000 1 3\n", "layout"); }),
              "layout:1:1: found 'ffff888000000000', expected a line \"# base ADDRESS\" before the first leaf");
}

TEST(DirectMapLayoutText, AFileThatIsCutOffIsRefused) {
    EXPECT_EQ(layout_refusal("ffff888000000000 ffff88800000"),
              "layout:2:30: found the end of the file, expected a newline (the file is cut off in this line)");
}

}  // namespace
}  // namespace splinter::platforms
