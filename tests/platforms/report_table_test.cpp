// The comparison table, character by character.
#include <algorithm>

#include <gtest/gtest.h>

#include "platforms/report/comparison_table.h"
#include "platforms/report/text_table.h"
#include "platforms/run/metrics.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

using samples::steady_point;

namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The line of a table that begins with these labels.
std::string line_of(const std::string& text, const std::string& labels) {
    const std::size_t start = text.find(labels);
    return start == std::string::npos ? "" : text.substr(start, text.find('\n', start) - start);
}

}  // namespace

TEST(Metrics, HaveUniqueIdsAndDefinitions) {
    for (const MetricInfo& metric : metrics()) {
        EXPECT_FALSE(metric.definition.empty()) << metric.id;
        EXPECT_FALSE(metric.unit.empty()) << metric.id;
        EXPECT_EQ(std::count_if(metrics().begin(), metrics().end(), [&](const MetricInfo& m) { return m.id == metric.id; }), 1);
    }
    EXPECT_EQ(metrics().front().id, "cycles_per_page");
    EXPECT_EQ(metrics().back().id, "pages");
}

TEST(TextTable, BreaksHeadingsWhereTheColumnBecomesNarrowest) {
    TextTable table;
    table.add_column("a", Align::left);
    table.add_column("IPIs /1000 pages", Align::right);
    table.add_row({"x", "1"});
    table.add_gap();
    table.add_row({"long", "2"});
    EXPECT_EQ(table.render(),
              "      IPIs /1000\n"
              "a          pages\n"
              "x              1\n"
              "\n"
              "long           2\n");
}

TEST(ComparisonTable, HasOneRowPerPointWithRatiosToNone) {
    std::vector<PointResult> points{
        steady_point("2", "none", {{"cycles_per_page", 500}, {"splits", 0}, {"pages", 4096}}),
        steady_point(
            "2", "freetype",
            {{"cycles_per_page", 612.4}, {"exposure_cycles_per_page", 0}, {"unmapped_free_bytes", 2097152}, {"pages", 4096}}),
        steady_point("64", "none", {{"cycles_per_page", 1000}, {"pages", 65536}}),
        steady_point("64", "freetype", {{"cycles_per_page", 1234567}, {"victim_slowdown_percent", 1.234}, {"pages", 65536}}),
    };
    points[0].result.workloads[0].facts["protection"] = "not protected";
    EXPECT_EQ(comparison_table(points),
              "splinter 0.1.0\n"
              "\n"
              "secretmem, steady state (reuse)\n"
              "                    cycles     vs     ns     p50     p99   p99.9  IPIs /1000            stolen   victims       "
              "exposure  "
              "unmapped\n"
              "cores  strategy      /page   none  /page  cycles  cycles  cycles       pages  splits  cyc/page  slowed %       "
              "cyc/page  "
              "    free   pages\n"
              "    2  none            500   1.00      -       -       -       -           -       0         -         -  not "
              "protected  "
              "       -   4,096\n"
              "    2  freetype        612   1.22      -       -       -       -           -       -         -         -        "
              "      0  "
              "   2 MiB   4,096\n"
              "\n"
              "   64  none          1,000   1.00      -       -       -       -           -       -         -         -        "
              "      -  "
              "       -  65,536\n"
              "   64  freetype  1,234,567  1,235      -       -       -       -           -       -         -      1.23        "
              "      -  "
              "       -  65,536\n");
}

TEST(ComparisonTable, ComparesWithTheFirstStrategyWhereNoneWasNotRun) {
    const std::string text = comparison_table(
        {steady_point("2", "per-page", {{"cycles_per_page", 400}}), steady_point("2", "freetype", {{"cycles_per_page", 100}})});
    EXPECT_TRUE(contains(text, "vs"));
    EXPECT_EQ(line_of(text, "    2  freetype").substr(0, 33), "    2  freetype     100      0.25");
}

TEST(ComparisonTable, HasNoRatioWhereOnlyOneStrategyWasRun) {
    const std::string text = comparison_table(
        {steady_point("2", "freetype", {{"cycles_per_page", 1}}), steady_point("4", "freetype", {{"cycles_per_page", 2}})});
    EXPECT_FALSE(contains(text, "vs"));
}

TEST(ComparisonTable, LeavesARatioOpenWhereTheReferenceFailed) {
    const std::string text = comparison_table(
        {steady_point("2", "none", {{"cycles_per_page", 400}}), steady_point("4", "freetype", {{"cycles_per_page", 100}})});
    EXPECT_EQ(line_of(text, "    4  freetype").substr(0, 29), "    4  freetype     100     -");
}

TEST(ComparisonTable, HasAColumnForCyclesPerAccessOnlyWhereTheyWereMeasured) {
    EXPECT_TRUE(contains(comparison_table({steady_point("1", "none", {{"cycles_per_access", 343}})}), "/access"));
    EXPECT_FALSE(contains(comparison_table({steady_point("1", "none", {{"cycles_per_page", 500}})}), "/access"));
}

TEST(ComparisonTable, OfAccessesHasNoEmptyColumns) {
    EXPECT_EQ(comparison_table({steady_point("1", "none", {{"cycles_per_access", 343}, {"splits", 0}})}),
              "splinter 0.1.0\n"
              "\n"
              "secretmem, steady state (reuse)\n"
              "                          cycles\n"
              "cores  strategy  splits  /access\n"
              "    1  none           0      343\n");
}

TEST(ComparisonTable, HasTheColumnsThatTheExperimentNamesInItsOrder) {
    PointResult point = steady_point("1", "none", {{"splits", 0}, {"obtained_bytes", 2097152}, {"flips_to_unmapped", 12}});
    point.result.config.push_back({"report.columns", "flips_to_unmapped+obtained_bytes", "x.toml:1:1", "", ""});
    EXPECT_EQ(comparison_table({point}),
              "splinter 0.1.0\n"
              "\n"
              "secretmem, steady state (reuse)\n"
              "                 flips to\n"
              "cores  strategy  unmapped  obtained\n"
              "    1  none            12     2 MiB\n");
}

TEST(ComparisonTable, WithoutThemHasNoColumnThatIsOnRequestOnly) {
    EXPECT_FALSE(contains(comparison_table({steady_point("1", "none", {{"obtained_bytes", 2097152}})}), "obtained"));
}

TEST(ComparisonTable, OfASinglePointTakesItsLabelsFromTheConfig) {
    PointResult point = steady_point("16", "batched", {{"cycles_per_page", 1}});
    point.key.clear();
    EXPECT_EQ(line_of(comparison_table({point}), "   16  batched").substr(0, 23), "   16  batched        1");
}

TEST(ComparisonTable, KeepsPopulationAndSteadyStateApart) {
    PointResult point = steady_point("2", "none", {{"cycles_per_page", 1}});
    point.result.workloads = {samples::workload("secretmem", {{"population", {}}, {"steady", {}}}),
                              samples::workload("trace", {{"trace", {}}})};
    const std::string text = comparison_table({point});
    EXPECT_TRUE(contains(text, "\nsecretmem, population (first touch)\n"));
    EXPECT_TRUE(contains(text, "\nsecretmem, steady state (reuse)\n"));
    EXPECT_TRUE(contains(text, "\ntrace\n"));
}

TEST(ComparisonTable, NamesTheRowsThatAFactHoldsFor) {
    std::vector<PointResult> points{steady_point("2", "none", {}), steady_point("2", "freetype", {}),
                                    steady_point("256", "none", {}), steady_point("256", "freetype", {})};
    for (PointResult& point : points) point.result.workloads[0].facts["seed"] = "1";
    for (std::size_t row : {2U, 3U}) points[row].result.workloads[0].facts["topology"] = "hypothetical";
    points[1].result.workloads[0].facts["note"] = "odd";
    const std::string text = comparison_table(points);
    EXPECT_TRUE(contains(text, "\nseed: 1\n"));
    EXPECT_TRUE(contains(text, "\ntopology: hypothetical (cores 256)\n"));
    EXPECT_TRUE(contains(text, "\nnote: odd (1 of 4 rows)\n"));
}

TEST(ComparisonTable, OfNothingSaysSo) { EXPECT_EQ(comparison_table({}), "no results\n"); }

}  // namespace splinter::platforms
