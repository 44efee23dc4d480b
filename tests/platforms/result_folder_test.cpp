// Folders and files of results are read again without their experiment: in the sweep's order, finished points only.
#include "platforms/results/result_folder.h"

#include "platforms/report/comparison_json.h"
#include "platforms/results/sweep_index.h"
#include "platforms/run/run_result_json.h"
#include "tests/platforms/config_test_machine.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms::testing {
namespace {

class ResultFolder : public ::testing::Test {
  protected:
    TempDir dir_;

    // The index names three points, in an order that is not the alphabet's.
    void write_index() {
        SweepIndex index{"0.1.0", "which is cheaper?", {}};
        for (const char* cores : {"16", "2", "4"}) {
            const PointResult point = samples::steady_point(cores, "none", {});
            index.points.push_back({point.key, std::string{cores} + ".json"});
        }
        dir_.write("sweep.json", to_json(index));
    }
    void write_point(const std::string& cores) {
        PointResult point = samples::steady_point(cores, "none", {{"splits", 3}});
        point.result.question = "which is cheaper?";
        dir_.write(cores + ".json", to_json(point.result));
    }
    std::string error(const std::string& name) {
        return error_of([&] { (void)read_results(dir_.path(name)); });
    }
};

TEST_F(ResultFolder, GivesFinishedPointsInTheOrderOfTheSweep) {
    write_index();
    write_point("2");
    write_point("16");
    const std::vector<PointResult> points = read_results(dir_.path(""));
    ASSERT_EQ(points.size(), 2U);
    EXPECT_EQ(points[0].key, (PointKey{{"platform.cores", "16"}, {"flush.strategy", "none"}}));
    EXPECT_EQ(points[1].key[0].value, "2");
    EXPECT_EQ(points[1].result.question, "which is cheaper?");
    EXPECT_EQ(points[1].result.workloads[0].phases[0].metrics.at("splits"), 3);
}

TEST_F(ResultFolder, NamesThePointsThatHaveNoResultAndWhy) {
    write_index();
    write_point("2");
    dir_.write("16.failed", "ran past --point-timeout 1s\nsplinter run x.toml\n");
    EXPECT_EQ(unfinished_points(dir_.path("")),
              (std::vector<std::string>{"cores=16,strategy=none: ran past --point-timeout 1s", "cores=4,strategy=none"}));
    EXPECT_TRUE(unfinished_points(dir_.path("2.json")).empty());
}

TEST_F(ResultFolder, IsNotDisturbedByWhatAKilledSweepLeft) {
    write_index();
    write_point("2");
    dir_.write(".16.json.Xyz123", "{\"schema\": 2, \"prog");
    dir_.write("8.json", "of another sweep");
    EXPECT_EQ(read_results(dir_.path("")).size(), 1U);
}

TEST_F(ResultFolder, RefusesWhatIsNoFolderOfResults) {
    EXPECT_EQ(error("nothing"), dir_.path("nothing") + ": no such file or folder");
    EXPECT_EQ(error(""),
              dir_.path("") + ": is no folder of results: it has no sweep.json; splinter sweep CONFIG --out DIR writes one");
    write_index();
    EXPECT_EQ(error(""), dir_.path("") + ": no point of the sweep is finished");
    dir_.write("4.json", "{}");
    EXPECT_EQ(error(""), dir_.path("/4.json") + ": not a result of splinter: no schema number");
    dir_.write("sweep.json", R"({"schema": 2, "points": 3})");
    EXPECT_EQ(error(""), dir_.path("/sweep.json") + ": not an index of a sweep written by splinter");
    dir_.write("sweep.json", R"({"schema": 1})");
    EXPECT_EQ(error(""), dir_.path("/sweep.json") + ": result schema 1 is not supported; this version reads schema 2");
}

TEST_F(ResultFolder, AFileOfOneRunIsOnePoint) {
    const std::vector<PointResult> points = read_results(dir_.write("one.json", to_json(samples::full_result())));
    ASSERT_EQ(points.size(), 1U);
    EXPECT_EQ(points[0].key, (PointKey{{"platform.cores", "2"}, {"flush.strategy", "none"}}));
}

TEST_F(ResultFolder, AFileOfAComparisonHasItsPoints) {
    const std::string text =
        comparison_json({samples::steady_point("4", "none", {}), samples::steady_point("2", "freetype", {{"splits", 5}})});
    const std::vector<PointResult> points = read_results(dir_.write("all.json", text));
    ASSERT_EQ(points.size(), 2U);
    EXPECT_EQ(points[0].key[0].value, "4");
    EXPECT_EQ(points[1].result.workloads[0].phases[0].metrics.at("splits"), 5);
    EXPECT_EQ(error_of([&] { (void)read_results(dir_.write("no.json", R"({"points": [3]})")); }).find(dir_.path("no.json")),
              0U);
}

}  // namespace
}  // namespace splinter::platforms::testing
