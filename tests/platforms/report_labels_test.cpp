// Names of points and of their files.
#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "platforms/report/point_labels.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

TEST(PointName, UsesTheLastPartOfEachKey) {
    EXPECT_EQ(point_name({{"platform.cores", "2"}, {"flush.strategy", "freetype"}}), "cores=2,strategy=freetype");
    EXPECT_EQ(point_name({}), "point");
}

TEST(PointName, UsesTheWholeKeyWhereTheLastPartsAreEqual) {
    EXPECT_EQ(point_name({{"workload.trace.think", "1cyc"}, {"workload.secretmem.think", "2cyc"}, {"platform.cores", "2"}}),
              "workload.trace.think=1cyc,workload.secretmem.think=2cyc,cores=2");
}

TEST(PointFileStem, IsAFileNameAndDifferentForDifferentPoints) {
    EXPECT_EQ(point_file_stem({{"a.dir", "x/y"}}), "dir=x%2Fy");
    EXPECT_EQ(point_file_stem({{"a.dir", "x%2Fy"}}), "dir=x%252Fy");
    EXPECT_EQ(point_file_stem({{"a.dir", "\xc3\xa4 b"}}), "dir=%C3%A4%20b");
}

TEST(PointFileStem, StaysShortAndDifferentForLongValues) {
    const std::string long_value(400, 'v');
    const std::string one = point_file_stem({{"a.b", long_value + "1"}});
    const std::string two = point_file_stem({{"a.b", long_value + "2"}});
    EXPECT_EQ(one.size(), 200U);
    EXPECT_NE(one, two);
}

TEST(PointLabels, PutCoresFirstAndStrategyLastWhereTheyAreNoAxis) {
    PointResult point = samples::steady_point("8", "none", {});
    point.key = {{"platform.memory", "64GiB"}};
    const PointLabels labels = point_labels({point});
    EXPECT_EQ(labels.keys, (std::vector<std::string>{"platform.cores", "platform.memory", "flush.strategy"}));
    EXPECT_EQ(labels.headings, (std::vector<std::string>{"cores", "memory", "strategy"}));
    EXPECT_EQ(labels.rows, (std::vector<std::vector<std::string>>{{"8", "64GiB", "none"}}));
}

TEST(PointLabels, KeepTheOrderOfTheAxes) {
    PointResult point = samples::steady_point("8", "none", {});
    point.key = {{"flush.strategy", "none"}, {"platform.cores", "8"}};
    EXPECT_EQ(point_labels({point}).headings, (std::vector<std::string>{"strategy", "cores"}));
}

TEST(PointLabels, RefuseToMixPointsOfDifferentAxes) {
    PointResult other = samples::steady_point("8", "none", {});
    other.key.pop_back();
    EXPECT_THROW((void)point_labels({samples::steady_point("2", "none", {}), other}), InternalError);
}

}  // namespace splinter::platforms
