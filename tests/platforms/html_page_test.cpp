// The page of `splinter report`, as far as it can be told without a browser; tests/html opens it in one.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "platforms/html/answer.h"
#include "platforms/html/escape.h"
#include "platforms/html/page_data.h"
#include "platforms/html/report_page.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {
namespace {

using nlohmann::json;

PointResult strategy_point(const std::string& cores, const std::string& strategy, double cycles) {
    PointResult out = samples::steady_point(cores, strategy, {{"cycles_per_page", cycles}});
    out.result.workloads[0].facts["protection"] = strategy == "none" ? "not protected" : "protected";
    return out;
}

std::string answer_of(const std::vector<PointResult>& points) {
    std::string out;
    for (const AnswerPart& part : answer(fold_replicas(points))) out += part.about + ": " + part.sentence + "\n";
    return out;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

TEST(Escape, LeavesNoMarkup) {
    EXPECT_EQ(html_text("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    const std::string data = json{"</script><!--"}.dump();
    EXPECT_EQ(script_json(data).find('<'), std::string::npos);
    EXPECT_EQ(json::parse(script_json(data)), json::parse(data));
}

TEST(Answer, NamesTheCheapestThatProtectsAndTheOrder) {
    EXPECT_EQ(
        answer_of({strategy_point("2", "none", 100), strategy_point("2", "per-page", 300), strategy_point("2", "freetype", 110),
                   strategy_point("64", "none", 100), strategy_point("64", "per-page", 5000),
                   strategy_point("64", "freetype", 120)}),
        "secretmem, steady state (reuse): freetype on 64 cores is the cheapest way that protects: 120 cycles/page, 1.20 times "
        "that of none, which protects nothing; per-page 50 times. In cycles/page the order is the same for cores 2, 64: "
        "none < freetype < per-page.\n");
}

TEST(Answer, SaysWhereTheOrderChanges) {
    EXPECT_NE(
        answer_of({strategy_point("2", "batched", 10), strategy_point("2", "freetype", 20), strategy_point("64", "batched", 30),
                   strategy_point("64", "freetype", 20)})
            .find("In cycles/page the order changes: batched < freetype on 2 cores; then freetype < batched on 64 cores."),
        std::string::npos);
}

TEST(Answer, SaysNothingOfTheOrderWhereAResultIsMissing) {
    const std::string text =
        answer_of({strategy_point("2", "none", 1), strategy_point("2", "batched", 30), strategy_point("2", "freetype", 20),
                   strategy_point("64", "none", 1), strategy_point("64", "freetype", 20)});
    EXPECT_NE(text.find("In cycles/page the order is the same for cores 2: none < freetype < batched. There is no result of "
                        "batched on 64 cores."),
              std::string::npos)
        << text;
}

TEST(Answer, DoesNotTellApartWhatIntervalsDoNot) {
    std::vector<PointResult> points;
    for (const char* strategy : {"batched", "freetype"})
        for (const char* seed : {"1", "2"}) {
            PointResult one = strategy_point("2", strategy, (seed[0] == '1' ? 100 : 140) + (strategy[0] == 'b' ? 0 : 5));
            one.key.push_back({"platform.seed", seed});
            one.result.config.push_back({"platform.seed", seed, "--set", "", "", "", ""});
            points.push_back(one);
        }
    EXPECT_NE(answer_of(points).find("freetype cannot be told from it: the 95 % intervals overlap."), std::string::npos);
    EXPECT_NE(answer_of(points).find("batched ≈ freetype"), std::string::npos);
}

TEST(PageData, HoldsEveryPointAndItsFiguresWithIntervals) {
    std::vector<PointResult> points{strategy_point("2", "none", 100), strategy_point("2", "freetype", 110)};
    const json data = json::parse(page_data(points, "", "results"));
    EXPECT_EQ(data["axes"][data["series"].get<std::size_t>()]["key"], "flush.strategy");
    EXPECT_TRUE(data["swept"].is_null());
    ASSERT_EQ(data["rows"].size(), 2U);
    EXPECT_EQ(data["rows"][1]["metrics"]["cycles_per_page"], json::parse("[110.0, null, 1]"));
    EXPECT_EQ(data["hashes"][0]["state_hash"], "0x0000000000000abc");
    EXPECT_EQ(count(data["jsonl"], "\n"), 2U);
    EXPECT_TRUE(data["sensitivity"].is_null());
}

TEST(PageData, SaysWhereAnAnalysisOfSensitivityWasMadeAndOfWhatElse) {
    const std::vector<PointResult> points{strategy_point("2", "none", 100), strategy_point("4", "none", 110)};
    const auto analysis_on = [&](const std::string& cores) {
        const std::string text = R"({"config": {"platform.cores": ")" + cores + R"(", "hw.unknown": "1"}})";
        return json::parse(page_data(points, text, "results"))["sensitivity"];
    };
    EXPECT_EQ(analysis_on("4")["made_at"], json::parse(R"(["platform.cores 4"])"));
    EXPECT_TRUE(analysis_on("4")["foreign"].empty());
    EXPECT_EQ(analysis_on("16")["foreign"], json::parse(R"j(["platform.cores 16 (here 2, 4)"])j"));
}

TEST(ReportPage, NamesThePointsThatHaveNoResult) {
    const std::vector<PointResult> points{strategy_point("2", "none", 100)};
    EXPECT_EQ(report_page({points, "", "results"}).find("<details class=\"note\" id=\"unfinished\""), std::string::npos);
    const std::string page = report_page({points, "", "results", {"cores=64: ran past 1 s", "a<b"}});
    EXPECT_NE(page.find("2 points of the sweep have no result"), std::string::npos);
    EXPECT_NE(page.find("<li>cores=64: ran past 1 s</li><li>a&lt;b</li>"), std::string::npos);
}

TEST(PageData, KeepsDetailsOfABoundedNumberOfPointsAndSaysSo) {
    std::vector<PointResult> points;
    for (std::size_t i = 0; i < kMostDetailedPoints + 3; ++i)
        points.push_back(strategy_point(std::to_string(i + 1), "none", 1));
    const json data = json::parse(page_data(points, "", "results"));
    EXPECT_EQ(data["details"].size(), kMostDetailedPoints);
    EXPECT_EQ(data["details"][0]["point"], 3);
    EXPECT_EQ(data["left_out"], "Ledgers, distributions and pictures of 3 of 259 points are left out to keep the page small.");
    EXPECT_EQ(data["rows"].size(), points.size());
}

TEST(ReportPage, HasNothingToLoadAndKeepsTheLicence) {
    std::vector<PointResult> points{strategy_point("2", "none", 100)};
    points[0].result.question = "Which </script><script>alert(1)</script> way?";
    const std::string page = report_page({points, "", "results"});
    EXPECT_EQ(page, report_page({points, "", "results"}));
    for (const char* place : {"title", "version", "style", "question", "context", "answer", "data", "script"})
        EXPECT_EQ(page.find("{{" + std::string{place} + "}}"), std::string::npos) << place;
    for (const char* loads : {" src=", "<link rel=\"stylesheet", "@import", "url("})
        EXPECT_EQ(page.substr(0, page.find("<script>")).find(loads), std::string::npos) << loads;
    EXPECT_EQ(count(page, "<script"), 3U);
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    EXPECT_NE(page.find("<title>Which &lt;/script&gt;"), std::string::npos);
    EXPECT_NE(page.find("Chart.js v3"), std::string::npos);
    EXPECT_NE(page.find("Permission is hereby granted, free of charge"), std::string::npos);
}

}  // namespace
}  // namespace splinter::platforms
