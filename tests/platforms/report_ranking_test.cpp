// Where the ranking of the strategies changes with the core count, and what is no change.
#include <gtest/gtest.h>

#include "platforms/report/ranking.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

namespace {

PointResult ranked_point(const std::string& cores, const std::string& strategy, double cycles) {
    return samples::steady_point(cores, strategy, {{"cycles_per_page", cycles}});
}

}  // namespace

TEST(Ranking, NamesTheCoreCountsAtWhichItChanges) {
    EXPECT_EQ(ranking_report({ranked_point("2", "batched", 100), ranked_point("2", "freetype", 150),
                              ranked_point("16", "batched", 200), ranked_point("16", "freetype", 150),
                              ranked_point("64", "batched", 900), ranked_point("64", "freetype", 150)}),
              "secretmem, steady state (reuse), cycles/page from low to high:\n"
              "    2 cores: batched < freetype\n"
              "   16 cores: freetype < batched\n"
              "  the ranking changes at 16 cores\n");
}

TEST(Ranking, SaysSoWhereItDoesNotChange) {
    EXPECT_EQ(
        ranking_report({ranked_point("2", "none", 1), ranked_point("2", "freetype", 2), ranked_point("4", "none", 1),
                        ranked_point("4", "freetype", 9), ranked_point("8", "none", 1), ranked_point("8", "freetype", 9)}),
        "secretmem, steady state (reuse), cycles/page from low to high:\n"
        "    2 cores: none < freetype\n"
        "  the same on 2, 4 and 8 cores\n");
}

TEST(Ranking, OrdersCoreCountsAsNumbersWhateverTheOrderOfTheAxis) {
    EXPECT_EQ(ranking_report({ranked_point("16", "a", 2), ranked_point("16", "b", 1), ranked_point("2", "a", 1),
                              ranked_point("2", "b", 2), ranked_point("128", "a", 1), ranked_point("128", "b", 2)}),
              "secretmem, steady state (reuse), cycles/page from low to high:\n"
              "    2 cores: a < b\n"
              "   16 cores: b < a\n"
              "  128 cores: a < b\n"
              "  the ranking changes at 16 and 128 cores\n");
}

TEST(Ranking, DoesNotTakeATieOrAFailedPointForAChange) {
    const std::string text = ranking_report({ranked_point("2", "a", 1), ranked_point("2", "b", 2), ranked_point("2", "c", 3),
                                             ranked_point("4", "b", 2), ranked_point("4", "a", 2), ranked_point("4", "c", 3),
                                             ranked_point("8", "b", 1), ranked_point("8", "c", 4)});
    EXPECT_NE(text.find("    8 cores: b < c   (no result: a)\n"), std::string::npos) << text;
    EXPECT_NE(text.find("the same on 2, 4 and 8 cores, as far as there are results\n"), std::string::npos) << text;
}

TEST(Ranking, IsMadePerValueOfTheOtherAxes) {
    std::vector<PointResult> points{ranked_point("2", "a", 1), ranked_point("2", "b", 2), ranked_point("2", "a", 2),
                                    ranked_point("2", "b", 1)};
    for (std::size_t i = 0; i < points.size(); ++i) points[i].key.push_back({"platform.memory", i < 2 ? "1GiB" : "2GiB"});
    EXPECT_EQ(ranking_report(points),
              "secretmem, steady state (reuse), memory=1GiB, cycles/page from low to high:\n"
              "    2 cores: a < b\n"
              "\n"
              "secretmem, steady state (reuse), memory=2GiB, cycles/page from low to high:\n"
              "    2 cores: b < a\n");
}

TEST(Ranking, LooksAtSteadyStateOnly) {
    std::vector<PointResult> points{ranked_point("2", "a", 1), ranked_point("2", "b", 2)};
    for (PointResult& each : points)
        each.result.workloads[0].phases.insert(each.result.workloads[0].phases.begin(),
                                               {"population", {{"cycles_per_page", &each == points.data() ? 9 : 1}}});
    EXPECT_NE(ranking_report(points).find("2 cores: a < b"), std::string::npos);
}

TEST(Ranking, OfOneStrategyIsEmpty) {
    EXPECT_EQ(ranking_report({ranked_point("2", "a", 1), ranked_point("4", "a", 2)}), "");
    EXPECT_EQ(ranking_report({}), "");
}

}  // namespace splinter::platforms
