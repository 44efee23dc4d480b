// Folding the axis of seeds, and what tables, CSV and ranking make of it.
#include <algorithm>

#include <gtest/gtest.h>

#include "platforms/report/comparison_table.h"
#include "platforms/report/csv_report.h"
#include "platforms/report/ranking.h"
#include "platforms/statistics/replicas.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {
namespace {

const FigureId kCycles{"secretmem", "steady", "cycles_per_page"};

PointResult replica(const std::string& strategy, const std::string& seed, double cycles) {
    PointResult point = samples::steady_point("2", strategy, {{"cycles_per_page", cycles}});
    point.key.insert(point.key.begin(), {"platform.seed", seed});
    point.result.config.push_back({"platform.seed", seed, "", "", ""});
    return point;
}

// Three seeds each, seeds outermost.
std::vector<PointResult> replicas() {
    return {replica("none", "1", 100),     replica("freetype", "1", 110), replica("none", "2", 200),
            replica("freetype", "2", 220), replica("none", "3", 300),     replica("freetype", "3", 330)};
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST(Replicas, AreFoldedToOnePointWithMeans) {
    const std::vector<ReplicatedPoint> folded = fold_replicas(replicas());
    ASSERT_EQ(folded.size(), 2U);
    EXPECT_TRUE(has_replicas(folded));
    const PointKey expected{{"platform.cores", "2"}, {"flush.strategy", "freetype"}};
    EXPECT_EQ(folded[1].mean.key, expected);
    EXPECT_EQ(folded[1].seeds, (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(folded[1].mean.result.workloads[0].phases[0].metrics.at("cycles_per_page"), 220);
    EXPECT_EQ(folded[1].estimate(kCycles)->count, 3U);
    EXPECT_FALSE(folded[1].estimate({"secretmem", "steady", "splits"}));
}

TEST(Replicas, MergeTheirHistograms) {
    std::vector<PointResult> points = replicas();
    for (PointResult& point : points) {
        Histogram histogram;
        histogram.add(static_cast<std::uint64_t>(point.result.workloads[0].phases[0].metrics.at("cycles_per_page")));
        point.result.workloads[0].histograms = {{"steady", "alloc_cycles", histogram}};
    }
    const Histogram merged = fold_replicas(points)[0].mean.result.workloads[0].histograms.at(0).histogram;
    EXPECT_EQ(merged.count(), 3U);
    EXPECT_EQ(merged.min(), 100U);
    EXPECT_EQ(merged.max(), 300U);
}

TEST(Replicas, OfOneSeedAreLeftAsTheyAre) {
    const std::vector<PointResult> points{replica("none", "1", 100), replica("freetype", "1", 110)};
    const std::vector<ReplicatedPoint> folded = fold_replicas(points);
    EXPECT_FALSE(has_replicas(folded));
    EXPECT_EQ(folded[1].mean.key, points[1].key);
    EXPECT_FALSE(says(comparison_table(points), "+-"));
    EXPECT_TRUE(says(csv_report(points), "platform.seed"));
    EXPECT_FALSE(says(csv_report(points), "_ci95"));
}

TEST(Replicas, CountWhereAFigureIsMissingInSome) {
    std::vector<PointResult> points = replicas();
    points[0].result.workloads[0].phases[0].metrics["splits"] = 4;
    const std::vector<ReplicatedPoint> folded = fold_replicas(points);
    const auto splits = folded[0].estimate({"secretmem", "steady", "splits"});
    ASSERT_TRUE(splits);
    EXPECT_EQ(splits->mean, 4);
    EXPECT_FALSE(splits->half_width);
    EXPECT_EQ(folded[0].mean.result.workloads[0].phases[0].metrics.at("splits"), 4);
}

TEST(Replicas, ShowIntervalsInTheTable) {
    const std::string text = comparison_table(replicas());
    EXPECT_TRUE(says(text, "every figure is the mean over 3 seeds, +- its 95 % confidence interval (Student's t)"));
    // t = 4.303, s = 100: 248 of 200. The ratio is 1.1 for each seed.
    EXPECT_TRUE(says(text, "    2  none      200 +-248  1.00 +-0 ")) << text;
    EXPECT_TRUE(says(text, "    2  freetype  220 +-273  1.10 +-0 ")) << text;
    EXPECT_FALSE(says(text, "seed "));
}

TEST(Replicas, SayHowManySeedsWhereSomeFailed) {
    std::vector<PointResult> points = replicas();
    points.pop_back();
    EXPECT_TRUE(says(comparison_table(points), "over 2 to 3 seeds"));
}

TEST(Replicas, HaveMeansAndIntervalsInTheCsv) {
    const std::string csv = csv_report(replicas());
    EXPECT_TRUE(csv.starts_with("platform.cores,flush.strategy,workload,phase,replicas,cycles_per_page,cycles_per_page_ci95,"))
        << csv.substr(0, 100);
    EXPECT_TRUE(says(csv, "\n2,none,secretmem,steady,3,200,248.4"));
    EXPECT_FALSE(says(csv, "state_hash"));
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
}

TEST(Replicas, DecideWhetherARankingIsOne) {
    EXPECT_TRUE(says(ranking_report(replicas()), "2 cores: none < freetype\n"));
    std::vector<PointResult> points = replicas();
    points[1].result.workloads[0].phases[0].metrics["cycles_per_page"] = 90;
    EXPECT_TRUE(says(ranking_report(points), "2 cores: none ~ freetype\n  ~: the seeds do not tell"));
}

TEST(Replicas, ArePairedBySeed) {
    const auto paired = ratio_of({{"1", 100}, {"2", 200}}, {{"1", 110}, {"2", 220}});
    EXPECT_NEAR(paired->bounds->high, 1.1, 1e-9);
    const auto not_paired = ratio_of({{"1", 100}, {"2", 200}}, {{"3", 110}, {"4", 220}});
    EXPECT_GT(not_paired->bounds->high, 2);
    EXPECT_NEAR(*difference_of({{"1", 0}, {"2", -5}}, {{"1", 1}, {"2", -4}}).half_width, 0, 1e-12);
}

}  // namespace splinter::platforms
