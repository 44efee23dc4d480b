// Rows of published figures: read from a file, and found in the results of its points.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "hw/base/user_error.h"
#include "platforms/validate/validation_report.h"

namespace splinter::platforms {
namespace {

using Axes = std::vector<AxisValue>;

void expect_mistake(const std::function<void()>& mistake, const std::string& part) {
    try {
        mistake();
        ADD_FAILURE() << "no mistake found, expected: " << part;
    } catch (const UserError& error) {
        EXPECT_NE(std::string{error.what()}.find(part), std::string::npos) << error.what();
    }
}

// At 2 GHz, a loop of 1000 + 250 n cycles by pages n; half of that with the other mechanism.
PointResult mechanism_point(const std::string& pages, const std::string& mechanism, double cycles) {
    PointResult out{{{"pages", pages}, {"mechanism", mechanism}}, {}};
    out.result.config.push_back({"platform.frequency", "2GHz", "", "", ""});
    WorkloadResult workload;
    workload.phases.push_back({"warm", {{"loop", 7.0}}});
    workload.phases.push_back({"steady", {{"loop", cycles}}});
    out.result.workloads.push_back(workload);
    return out;
}

const std::vector<PointResult> kPoints{mechanism_point("1", "ipi", 1250), mechanism_point("2", "ipi", 1500),
                                       mechanism_point("9", "ipi", 3250), mechanism_point("1", "other", 625)};

ValidationRow row_of(double published, const Axes& at) {
    ValidationRow row;
    row.origin = "rows.toml:1:1";
    row.id = "R";
    row.unit = "cycles";
    row.metric = "loop";
    row.published = published;
    row.at = at;
    return row;
}

const Axes kOne{{"pages", "1"}, {"mechanism", "ipi"}};

TEST(Validate, FindsAFigureOfTheLastPhaseAtAPoint) {
    const ValidatedRow found = validate(row_of(1000, kOne), kPoints);
    EXPECT_EQ(found.simulated, 1250);
    EXPECT_EQ(found.ratio(), 1.25);
}

TEST(Validate, TakesThePhaseThatTheRowNames) {
    ValidationRow row = row_of(7, kOne);
    row.phase = "warm";
    EXPECT_EQ(validate(row, kPoints).simulated, 7);
}

TEST(Validate, TurnsCyclesIntoTimeByTheFrequencyOfThePoint) {
    ValidationRow row = row_of(600, kOne);
    row.unit = "ns";
    EXPECT_DOUBLE_EQ(validate(row, kPoints).simulated, 625);
    row.unit = "us";
    EXPECT_DOUBLE_EQ(validate(row, kPoints).simulated, 0.625);
}

TEST(Validate, DerivesDifferencesRatiosAndLines) {
    ValidationRow row = row_of(1, {{"pages", "2"}, {"mechanism", "ipi"}});
    row.minus = kOne;
    EXPECT_EQ(validate(row, kPoints).simulated, 250);
    row.per = 2;
    EXPECT_EQ(validate(row, kPoints).simulated, 125);
    row.per = 1;
    row.minus.reset();
    row.over = Axes{{"pages", "1"}, {"mechanism", "other"}};
    EXPECT_EQ(validate(row, kPoints).simulated, 2.4);
    row = row_of(1, {{"mechanism", "ipi"}});
    row.slope_over = "pages";
    EXPECT_DOUBLE_EQ(validate(row, kPoints).simulated, 250);
    row.slope_over = "";
    row.intercept_over = "pages";
    EXPECT_DOUBLE_EQ(validate(row, kPoints).simulated, 1000);
}

TEST(Validate, ToleratesTheEdgeAndNothingBeyond) {
    ValidationRow row = row_of(1000, kOne);
    row.tolerance = 0.25;
    EXPECT_TRUE(validate(row, kPoints).acceptable());
    row.tolerance = 0.24;
    EXPECT_FALSE(validate(row, kPoints).acceptable());
    row.tolerance.reset();
    EXPECT_TRUE(validate(row, kPoints).acceptable());
    EXPECT_FALSE(validate(row, kPoints).within());
}

TEST(Validate, RefusesARowThatNamesNoPointSeveralOrNoFigure) {
    expect_mistake(
        [] {
            (void)validate(row_of(1, {{"pages", "3"}}), kPoints);
        },
        "rows.toml:1:1: no point of the file has pages=3");
    expect_mistake([] { (void)validate(row_of(1, {{"pages", "1"}}), kPoints); }, "2 points have pages=1, expected one");
    ValidationRow row = row_of(1, kOne);
    row.metric = "lop";
    expect_mistake([&] { (void)validate(row, kPoints); }, "phase steady has no figure \"lop\"");
    row = row_of(1, {{"mechanism", "other"}});
    row.slope_over = "pages";
    expect_mistake([&] { (void)validate(row, kPoints); }, "needs points with two values");
}

TEST(Validate, ReportsRatioRoleAndWhetherTheRowIsWithinItsTolerance) {
    ValidationRow fitted = row_of(1000, kOne);
    fitted.what = "loop";
    fitted.source = "mail";
    fitted.role = ValidationRow::Role::fit;
    fitted.tolerance = 0.2;
    ValidationRow open = row_of(500, kOne);
    open.what = "loop";
    open.source = "mail";
    const std::string text = validation_report({validate(fitted, kPoints), validate(open, kPoints)});
    EXPECT_NE(text.find("1.25  fitted      NOT WITHIN 20 %"), std::string::npos) << text;
    EXPECT_NE(text.find("2.50  prediction  no tolerance set"), std::string::npos) << text;
    EXPECT_NE(text.find("1 of 1 rows with a tolerance miss it"), std::string::npos) << text;
    EXPECT_NE(validation_json({validate(fitted, kPoints)}).find("\"within\": false"), std::string::npos);
}

class ValidationFile : public ::testing::Test {
  protected:
    ValidationFile() : path_{std::filesystem::temp_directory_path() / ("rows-" + std::to_string(::getpid()) + ".toml")} {}
    ~ValidationFile() override { std::filesystem::remove(path_); }
    std::vector<ValidationRow> read(const std::string& text) {
        std::ofstream{path_} << text;
        return read_validation_rows(path_.string());
    }
    std::filesystem::path path_;
};

const std::string kRow =
    "[[row]]\nid = \"V\"\nwhat = \"w\"\nmetric = \"m\"\nunit = \"ns\"\nsource = \"s\"\nrole = \"prediction\"\n";

const std::string kSecond =
    "[[row]]\nid = \"W\"\nwhat = \"w\"\nmetric = \"m\"\nunit = \"ns\"\nsource = \"s\"\nrole = \"derived\"\n";

TEST_F(ValidationFile, HoldsRowsInTheirOrder) {
    const auto rows =
        read(kRow + "published = 3\nat = [\"a.b=2\", \"c=x\"]\n" + kSecond + "published = 4.5\ntolerance = 0.2\n");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].published, 3);
    EXPECT_EQ(rows[0].at, (Axes{{"a.b", "2"}, {"c", "x"}}));
    EXPECT_FALSE(rows[0].tolerance);
    EXPECT_EQ(rows[1].published, 4.5);
    EXPECT_EQ(rows[1].tolerance, 0.2);
    EXPECT_EQ(rows[0].role, ValidationRow::Role::prediction);
    EXPECT_EQ(rows[1].role, ValidationRow::Role::derived);
}

TEST_F(ValidationFile, IsRefusedWithThePlaceOfItsMistake) {
    expect_mistake([&] { (void)read("x = 1\n"); }, "has no [[row]]");
    expect_mistake([&] { (void)read(kRow); }, ":1:1: a [[row]] needs `published`");
    expect_mistake([&] { (void)read(kRow + "published = \"3\"\n"); }, ":8:13: `published` is 3, expected a number");
    expect_mistake([&] { (void)read(kRow + "published = 3\nsorce = \"x\"\n"); }, ":9:1: unknown key `sorce` of a [[row]]");
    expect_mistake([&] { (void)read(kRow + "published = 3\nat = [\"a\"]\n"); }, "\"axis=value\"");
    expect_mistake([&] { (void)read(kRow + "published = 3\nslope_over = \"a\"\nminus = [\"a=1\"]\n"); },
                   "has one of minus, over");
    expect_mistake([&] { (void)read(kRow + "published = 3\ntolerance = -1\n"); }, ":9:13: `tolerance` is -1, expected a part");
    expect_mistake([&] { (void)read(kRow + "published = 3\ntolerance = 1\n"); }, "less than 1");
    expect_mistake([&] { (void)read(kRow + "published = 3\n" + kRow + "published = 4\n"); }, "has the `id` \"V\" too");
    expect_mistake([&] { (void)read(kRow + "published = 3\nper = 2\n"); }, "needs `minus`");
    expect_mistake([&] { (void)read(kRow + "published = 3\nminus = [\"a=1\"]\nper = 0\n"); }, "`per` is 0");
}

}  // namespace
}  // namespace splinter::platforms
