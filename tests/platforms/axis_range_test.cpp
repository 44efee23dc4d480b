// "1..1024 x2": which values a range has, and what is none.
#include "platforms/config/axis_range.h"

#include "platforms/config/layered_config.h"
#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

std::string values_of(const std::string& text, RawKind kind = RawKind::string) {
    const auto values = expand_range({kind, text, {}, "x.toml:1:1"});
    if (!values) return "no range";
    std::string out;
    for (const RawValue& value : *values) out += (out.empty() ? "" : " ") + value.text;
    return out;
}

std::string range_refusal(const std::string& text) {
    return error_of([&] { values_of(text); });
}

TEST(AxisRange, MultipliesAddsAndCounts) {
    EXPECT_EQ(values_of("1..1024 x2"), "1 2 4 8 16 32 64 128 256 512 1024");
    EXPECT_EQ(values_of("0..100 +25"), "0 25 50 75 100");
    EXPECT_EQ(values_of("1..3"), "1 2 3");
    EXPECT_EQ(values_of(" 3 .. 30  x 3 "), "3 9 27");
    EXPECT_EQ(values_of("4..4"), "4");
    EXPECT_EQ(values_of("0..0 x2"), "0");
}

TEST(AxisRange, EndsAtTheLargestValueThatIsNotAboveTheEnd) {
    EXPECT_EQ(values_of("1..100 x2"), "1 2 4 8 16 32 64");
    EXPECT_EQ(values_of("1..8 +3"), "1 4 7");
    EXPECT_EQ(values_of("18446744073709551614..18446744073709551615"), "18446744073709551614 18446744073709551615");
    EXPECT_EQ(values_of("1..18446744073709551615 x4294967296"), "1 4294967296");
}

TEST(AxisRange, KeepsUnits) {
    EXPECT_EQ(values_of("100cyc..400cyc x2"), "100cyc 200cyc 400cyc");
    EXPECT_EQ(values_of("10ns..50ns +20ns"), "10ns 30ns 50ns");
    EXPECT_EQ(values_of("64KiB..1GiB x128"), "64KiB 8MiB 1GiB");
    EXPECT_EQ(values_of("1GiB..2GiB +512MiB"), "1GiB 1536MiB 2GiB");
}

TEST(AxisRange, WithoutUnitsInAFileAreNumbersAsIfWrittenOneByOne) {
    const auto in_file = expand_range({RawKind::string, "1..2", {}, "x.toml:1:1"});
    EXPECT_EQ(in_file->front().kind, RawKind::integer);
    EXPECT_EQ(in_file->back().origin, "x.toml:1:1");
    EXPECT_EQ(expand_range({RawKind::command_line, "1..2", {}, ""})->front().kind, RawKind::command_line);
}

TEST(AxisRange, IsNotSeenInOtherTexts) {
    for (const char* text : {"freetype", "12", "", "../traces/a", "traces/1..2", "x1..2", "1.5", "..3"})
        EXPECT_EQ(values_of(text), "no range") << text;
    EXPECT_EQ(values_of("1..3", RawKind::integer), "no range");
}

TEST(AxisRange, SaysWhatIsWrong) {
    const std::string hint = "; write e.g. \"1..1024 x2\", \"0..100 +10\", \"1..3\" or \"64KiB..1GiB x4\"";
    EXPECT_EQ(range_refusal("1..8 *2"), "x.toml:1:1: range \"1..8 *2\" cannot be read" + hint);
    EXPECT_EQ(range_refusal("1..8x2"), "x.toml:1:1: range \"1..8x2\" cannot be read" + hint);
    EXPECT_EQ(range_refusal("8..1"), "x.toml:1:1: range \"8..1\" begins above its end" + hint);
    for (const char* text : {"0..8 x2", "1..8 x1", "1..8 x0", "1..8 +0"})
        EXPECT_EQ(range_refusal(text), std::string{"x.toml:1:1: range \""} + text + "\" does not grow" + hint);
    EXPECT_EQ(range_refusal("1cyc..8ns"), "x.toml:1:1: range \"1cyc..8ns\" has ends of different units" + hint);
    EXPECT_EQ(range_refusal("1cyc..8cyc +1"),
              "x.toml:1:1: range \"1cyc..8cyc +1\" has a step of another unit than its ends" + hint);
    EXPECT_EQ(range_refusal("1cyc..8cyc x2cyc"),
              "x.toml:1:1: range \"1cyc..8cyc x2cyc\" multiplies by a number without a unit only" + hint);
    EXPECT_EQ(range_refusal("1GiB..3GiB"), "x.toml:1:1: range \"1GiB..3GiB\" of sizes needs a step" + hint);
    EXPECT_EQ(range_refusal("1..99999"), "x.toml:1:1: range \"1..99999\" has more than 10000 values" + hint);
    EXPECT_EQ(range_refusal("1..99999999999999999999"),
              "x.toml:1:1: range \"1..99999999999999999999\" has a number that is too large" + hint);
}

class RangesAndZips : public ::testing::Test {
  protected:
    TempDir dir_;
    LayeredConfig load(const std::string& text, const std::vector<std::string>& sets = {}) {
        return LayeredConfig::load(dir_.write("e.toml", text), sets, defaults());
    }
    std::string error(const std::string& text, const std::vector<std::string>& sets = {}) {
        return error_of([&] { load(text, sets); });
    }
    static std::string points_of(const LayeredConfig& config) {
        std::string out;
        for (const PointKey& point : config.points()) {
            out += out.empty() ? "" : " ";
            for (const AxisValue& axis : point) out += (&axis == &point.front() ? "" : "/") + axis.value;
        }
        return out;
    }
};

TEST_F(RangesAndZips, ARangeIsAnAxisAloneInAListAndOnTheCommandLine) {
    EXPECT_EQ(points_of(load("[axes]\nplatform.cores = \"2..16 x2\"")), "2 4 8 16");
    EXPECT_EQ(points_of(load("[axes]\nplatform.cores = [1, \"2..16 x2\", 24]")), "1 2 4 8 16 24");
    EXPECT_EQ(points_of(load("", {"platform.cores=2..16 x2,24"})), "2 4 8 16 24");
    EXPECT_EQ(points_of(load("[axes]\nplatform.memory = \"1GiB..4GiB x2\"")), "1GiB 2GiB 4GiB");
    EXPECT_EQ(error("[axes]\nplatform.cores = \"2..2048 x2\""),
              dir_.path("e.toml:2:18: `platform.cores` is 2048, expected a whole number from 1 to 1024"));
    EXPECT_EQ(error("[axes]\nplatform.cores = [2, \"1..3\"]"),
              dir_.path("e.toml:2:22: axis `platform.cores` has the value 2 twice"));
}

TEST_F(RangesAndZips, ZippedAxesTakeTheirValuesSideBySide) {
    const auto config = load(
        "[axes]\nhw.core.invlpg = [\"10cyc\", \"20cyc\"]\n[[axes.zip]]\nplatform.cores = [2, 4, 2]\n"
        "platform.memory = [\"1GiB\", \"2GiB\", \"4GiB\"]");
    EXPECT_EQ(points_of(config), "10cyc/2/1GiB 10cyc/4/2GiB 10cyc/2/4GiB 20cyc/2/1GiB 20cyc/4/2GiB 20cyc/2/4GiB");
    Machine machine;
    config.resolve(config.points()[2], describer(machine));
    EXPECT_EQ(machine.cores, 2U);
    EXPECT_EQ(machine.memory, std::uint64_t{4} << 30);
}

TEST_F(RangesAndZips, ZipsOfTheirOwnAreCombined) {
    EXPECT_EQ(points_of(load("[[axes.zip]]\nplatform.cores = \"1..2\"\nplatform.memory = [\"1GiB\", \"2GiB\"]\n[[axes.zip]]\n"
                             "hw.core.invlpg = [\"1cyc\", \"2cyc\"]\nworkload.mechanism = [\"ipi\", \"rar\"]")),
              "1/1GiB/1cyc/ipi 1/1GiB/2cyc/rar 2/2GiB/1cyc/ipi 2/2GiB/2cyc/rar");
}

TEST_F(RangesAndZips, AZipHasOneLengthAndRepeatsNoPoint) {
    const std::string zip = "[[axes.zip]]\nplatform.cores = [2, 4]\nplatform.memory = ";
    EXPECT_EQ(error(zip + "[\"1GiB\"]"),
              dir_.path("e.toml:3:19: axis `platform.memory` has 1 values, but `platform.cores`, zipped with it, has 2"));
    EXPECT_EQ(error("[[axes.zip]]\nplatform.cores = [2, 2]\nplatform.memory = [\"1GiB\", \"1GiB\"]"),
              dir_.path("e.toml:2:22: axis `platform.cores` has the values 2, 1GiB twice"));
    EXPECT_EQ(error("[[axes.zip]]\nplatform.cores = [2, 4]"),
              dir_.path("e.toml:1:1: [[axes.zip]] must have at least two axes"));
    EXPECT_EQ(error("[axes]\nzip = [2, 4]"), dir_.path("e.toml:2:7: `axes.zip` must be a list of tables, [[axes.zip]]"));
    EXPECT_EQ(error("[axes]\nplatform.cores = [2, 4]\n[[axes.zip]]\nplatform.cores = [2]\nplatform.memory = [\"1GiB\"]"),
              dir_.path("e.toml:4:18: duplicate axis `platform.cores`, also given at ") + dir_.path("e.toml:2:18"));
}

TEST_F(RangesAndZips, SetChangesAZippedAxisInItsPlaceOrTakesItOut) {
    const std::string zip = "[[axes.zip]]\nplatform.cores = [2, 4]\nplatform.memory = [\"1GiB\", \"2GiB\"]";
    EXPECT_EQ(points_of(load(zip, {"platform.cores=8,16"})), "8/1GiB 16/2GiB");
    EXPECT_EQ(points_of(load(zip, {"platform.cores=8"})), "1GiB 2GiB");
    EXPECT_EQ(error(zip, {"platform.cores=8,16,32"}),
              dir_.path("e.toml:3:19: axis `platform.memory` has 2 values, but `platform.cores`, zipped with it, has 3"));
}

TEST_F(RangesAndZips, MorePointsThanAnybodyWaitsForAreRefused) {
    const auto config = load("[axes]\nplatform.cores = \"1..1000\"\nhw.core.invlpg = \"1cyc..1000cyc\"");
    EXPECT_EQ(error_of([&] { (void)config.points(); }), dir_.path("e.toml:3:18: the axes span more than 100000 points"));
}

}  // namespace
}  // namespace splinter::platforms::testing
