// Two sets of results compared, and the conditions of --fail-if.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "platforms/report/diff_report.h"
#include "platforms/statistics/fail_condition.h"
#include "platforms/statistics/result_diff.h"
#include "tests/platforms/expect_part.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {
namespace {

using samples::steady_point;

PointResult with_seed(PointResult point, const std::string& seed) {
    point.key.push_back({"platform.seed", seed});
    point.result.config.push_back({"platform.seed", seed, "", "", ""});
    return point;
}

std::vector<PointResult> seeds(const std::string& strategy, const std::vector<double>& cycles, int first_seed = 1) {
    std::vector<PointResult> points;
    for (const double value : cycles)
        points.push_back(with_seed(steady_point("2", strategy, {{"cycles_per_page", value}}), std::to_string(first_seed++)));
    return points;
}

const FigureChange& change_of(const ResultDiff& diff, const std::string& metric) {
    for (const FigureChange& change : diff.figures)
        if (change.figure.metric == metric) return change;
    throw std::logic_error("no such figure");
}

ConditionOutcome outcome(const std::string& text, const ResultDiff& diff) {
    return check_condition(parse_fail_condition(text), diff);
}

std::string condition_refusal(const std::string& text) {
    try {
        (void)parse_fail_condition(text);
    } catch (const UserError& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST(ResultDiff, PairsPointsByTheirAxesAndListsTheOthers) {
    const ResultDiff diff =
        diff_results({steady_point("2", "none", {{"splits", 1}}), steady_point("4", "none", {{"splits", 2}})},
                     {steady_point("8", "none", {{"splits", 9}}), steady_point("4", "none", {{"splits", 2}})});
    EXPECT_EQ(diff.points, 1U);
    EXPECT_EQ(diff.only_a, (std::vector<PointKey>{{{"platform.cores", "2"}, {"flush.strategy", "none"}}}));
    EXPECT_EQ(diff.only_b, (std::vector<PointKey>{{{"platform.cores", "8"}, {"flush.strategy", "none"}}}));
    ASSERT_EQ(diff.figures.size(), 1U);
    EXPECT_EQ(diff.figures[0].verdict, RatioVerdict::equal);
    EXPECT_EQ(diff.figures[0].point[0].value, "4");
}

TEST(ResultDiff, FindsAxisValuesInTheConfigOfASideThatHasNoSuchAxis) {
    std::vector<PointResult> a{steady_point("2", "none", {{"splits", 1}}), steady_point("2", "freetype", {{"splits", 2}})};
    for (PointResult& point : a) point.key = {{"flush.strategy", point.key[1].value}};
    const ResultDiff diff =
        diff_results(a, {steady_point("4", "freetype", {}), steady_point("2", "freetype", {{"splits", 3}})});
    EXPECT_EQ(diff.points, 1U);
    EXPECT_EQ(diff.only_a.size(), 1U);
    EXPECT_EQ(change_of(diff, "splits").ratio->value, 1.5);
}

TEST(ResultDiff, ComparesTwoSinglePointsWhateverTheyAre) {
    const ResultDiff diff =
        diff_results({steady_point("2", "none", {{"splits", 1}})}, {steady_point("4", "none", {{"splits", 2}})});
    EXPECT_EQ(diff.points, 1U);
    ASSERT_EQ(diff.config.size(), 1U);
    EXPECT_EQ(diff.config[0].key, "platform.cores");
    EXPECT_EQ(diff.config[0].a, "2");
    EXPECT_EQ(diff.config[0].b, "4");
}

TEST(ResultDiff, ListsConfigKeysOfOneSideOnly) {
    PointResult b = steady_point("2", "none", {});
    b.result.config.push_back({"new.key", "7", "default", "", "", "", ""});
    const ResultDiff diff = diff_results({steady_point("2", "none", {})}, {b});
    ASSERT_EQ(diff.config.size(), 1U);
    EXPECT_EQ(diff.config[0].a, "");
    EXPECT_EQ(diff.config[0].b, "7");
    EXPECT_EQ(diff.config[0].points, 1U);
}

TEST(ResultDiff, DoesNotKnowTheNoiseOfOneSeed) {
    const ResultDiff diff = diff_results({steady_point("2", "none", {{"cycles_per_page", 100}, {"splits", 1}})},
                                         {steady_point("2", "none", {{"cycles_per_page", 110}, {"pages", 1}})});
    const FigureChange& change = change_of(diff, "cycles_per_page");
    EXPECT_EQ(change.verdict, RatioVerdict::unknown);
    EXPECT_EQ(change.ratio->value, 1.1);
    EXPECT_FALSE(change.ratio->bounds);
    EXPECT_EQ(diff.figures_only_a.size(), 1U);
    EXPECT_EQ(diff.figures_only_b, 1U);
}

TEST(ResultDiff, TellsNoiseFromChangeWhereSeedsRan) {
    const ResultDiff paired = diff_results(seeds("none", {100, 200, 300}), seeds("none", {101, 203, 302}));
    EXPECT_EQ(change_of(paired, "cycles_per_page").verdict, RatioVerdict::outside_noise);
    const ResultDiff other_seeds = diff_results(seeds("none", {100, 200, 300}), seeds("none", {101, 203, 302}, 7));
    EXPECT_EQ(change_of(other_seeds, "cycles_per_page").verdict, RatioVerdict::within_noise);
    const ResultDiff same = diff_results(seeds("none", {100, 200, 300}), seeds("none", {100, 200, 300}));
    EXPECT_EQ(change_of(same, "cycles_per_page").verdict, RatioVerdict::equal);
    EXPECT_EQ(same.points, 1U);
    EXPECT_EQ(same.seeds_b, (std::vector<std::string>{"1", "2", "3"}));
}

TEST(ResultDiff, JudgesFiguresWithoutARatioByTheirDifference) {
    const ResultDiff diff = diff_results(seeds("none", {-1, -2, 0}), seeds("none", {9, 8, 10}));
    EXPECT_FALSE(change_of(diff, "cycles_per_page").ratio);
    EXPECT_EQ(change_of(diff, "cycles_per_page").verdict, RatioVerdict::outside_noise);
}

TEST(FailCondition, IsAFigureASignAndARatio) {
    const FailCondition condition = parse_fail_condition(" cycles_per_page < 0.95 ");
    EXPECT_EQ(condition.figure, "cycles_per_page");
    EXPECT_EQ(condition.sense, FailCondition::Sense::below);
    EXPECT_EQ(condition.threshold, 0.95);
    testing::expect_part(condition_refusal("cycles_per_pgae>1"), "no figure has the name \"cycles_per_pgae\"");
    testing::expect_part(condition_refusal("cycles_per_pgae>1"), "did you mean `cycles_per_page`?");
    testing::expect_part(condition_refusal("cycles_per_page"), "expected FIGURE>RATIO or FIGURE<RATIO");
    for (const char* text : {"splits>", "splits>x", "splits>-1", "splits>0", "splits>1.05x", "splits>nan", "splits>>1"})
        testing::expect_part(condition_refusal(text), "expected a positive ratio B/A");
}

TEST(FailCondition, IsMetPastTheThresholdOnly) {
    const ResultDiff diff = diff_results({steady_point("2", "none", {{"cycles_per_page", 100}, {"splits", 0}})},
                                         {steady_point("2", "none", {{"cycles_per_page", 105}, {"splits", 3}})});
    EXPECT_TRUE(outcome("cycles_per_page>1.05", diff).met.empty());
    EXPECT_EQ(outcome("cycles_per_page>1.0499", diff).met.size(), 1U);
    EXPECT_EQ(outcome("cycles_per_page<1.06", diff).met.size(), 1U);
    EXPECT_TRUE(outcome("cycles_per_page<1", diff).met.empty());
    EXPECT_EQ(outcome("splits>1000", diff).met.size(), 1U) << "from 0 to 3 is past any threshold";
    EXPECT_TRUE(outcome("splits<0.5", diff).met.empty());
}

TEST(FailCondition, IsNotMetByNoise) {
    const ResultDiff noisy = diff_results(seeds("none", {100, 200, 300}), seeds("none", {130, 250, 250}, 7));
    const ConditionOutcome found = outcome("cycles_per_page>1.01", noisy);
    EXPECT_TRUE(found.met.empty());
    EXPECT_EQ(found.within_noise.size(), 1U);
    const ResultDiff clear = diff_results(seeds("none", {100, 200, 300}), seeds("none", {111, 219, 330}));
    EXPECT_EQ(outcome("cycles_per_page>1.05", clear).met.size(), 1U);
}

TEST(FailCondition, IsRefusedWhereItWouldLookAtNothing) {
    const ResultDiff diff =
        diff_results({steady_point("2", "none", {{"splits", -1}})}, {steady_point("2", "none", {{"splits", 2}})});
    EXPECT_THROW((void)outcome("pages>1.1", diff), UserError);
    EXPECT_THROW((void)outcome("splits>1.1", diff), UserError);
}

TEST(DiffReport, BeginsWithASummaryAndLeavesOutEqualFigures) {
    PointResult b = steady_point("2", "none", {{"cycles_per_page", 110}, {"pages", 4}, {"free_bytes", 2}});
    b.result.config.push_back({"costs.clear_page", "563cyc", "--set", "", ""});
    PointResult a = steady_point("2", "none", {{"cycles_per_page", 100}, {"pages", 4}, {"free_bytes", 1}});
    a.result.config.push_back({"costs.clear_page", "512cyc", "--set", "", ""});
    DiffReport report{{"old", "0.1.0", 1}, {"new", "0.1.0", 1}, diff_results({a}, {b}), {}, {}};
    report.conditions.push_back(outcome("cycles_per_page>1.05", report.diff));
    EXPECT_EQ(diff_text(report),
              "A: old (splinter 0.1.0, 1 point, seed )\n"
              "B: new (splinter 0.1.0, 1 point, seed )\n"
              "compared: 1 point\n"
              "figures of the table: 1 equal, 1 differ, noise unknown\n"
              "other figures (--json has them): 0 equal, 1 differ, noise unknown\n"
              "noise unknown: one seed on a side; an interval needs several (platform.seed on [axes])\n"
              "configs differ:\n"
              "  costs.clear_page: 512cyc -> 563cyc\n"
              "--fail-if 'cycles_per_page>1.05': MET in 1 of 1, furthest 1.10 in cores=2,strategy=none, secretmem steady\n"
              "\n"
              "                                                                               95 %\n"
              "point                  workload   phase   figure             A    B   B/A  interval  noise\n"
              "cores=2,strategy=none  secretmem  steady  cycles_per_page  100  110  1.10   unknown  unknown\n");
}

}  // namespace splinter::platforms
