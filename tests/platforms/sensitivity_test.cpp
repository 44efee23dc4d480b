// Ranges by confidence, effects, orders, and what the report says of them.
#include <gtest/gtest.h>

#include "platforms/config/uncertainty.h"
#include "platforms/report/sensitivity_report.h"
#include "platforms/statistics/sensitivity.h"
#include "tests/platforms/expect_part.h"

namespace splinter::platforms {
namespace {

ConfigEntry entry(const std::string& value, const std::string& confidence, const std::string& low = "",
                  const std::string& high = "") {
    return {"key." + value + confidence, value, "file:1:1", "a source", confidence, low, high};
}

UncertainParameter only_one(const ConfigEntry& parameter) { return uncertainty_of({parameter}).varied.at(0); }

// Three strategies; costs.a changes the order at its high end, costs.b nothing of it, costs.c next to nothing.
SensitivitySection section() {
    SensitivitySection out{"secretmem", "steady", "cores=16", {"none", "per-page", "freetype"}, {100, 400, 120}, {}, {}};
    out.responses = {{{"costs.b", "20cyc", "10cyc", "30cyc", "L", true}, {90, 400, 120}, {110, 400, 120}},
                     {{"costs.c", "5cyc", "4cyc", "6cyc", "M", false}, {100, 400, 120}, {100.05, 400, 120}},
                     {{"costs.a", "60cyc", "20cyc", "180cyc", "assumed", false}, {100, 390, 104}, {100, 400, 420}}};
    out.joint = {{0, 2, 110, 104}, {2, 1, 130, 390}};
    rank_responses(out);
    return out;
}

}  // namespace

TEST(Uncertainty, TakesARecordedRangeBeforeAnyRule) {
    EXPECT_EQ(only_one(entry("200cyc", "L", "100cyc", "260cyc")),
              (UncertainParameter{"key.200cycL", "200cyc", "100cyc", "260cyc", "L", true}));
    EXPECT_EQ(only_one(entry("14cyc", "H", "4cyc", "70cyc")).low, "4cyc");
    EXPECT_EQ(only_one(entry("32", "L", "16", "64")).high, "64");
}

TEST(Uncertainty, HasARulePerConfidenceForDurations) {
    const auto ends = [](const std::string& confidence) {
        const UncertainParameter found = only_one(entry("100cyc", confidence));
        EXPECT_FALSE(found.recorded);
        return found.low + " " + found.high;
    };
    EXPECT_EQ(ends("M"), "75cyc 133cyc");
    EXPECT_EQ(ends("L"), "50cyc 200cyc");
    EXPECT_EQ(ends("MEM"), "50cyc 200cyc");
    EXPECT_EQ(ends("assumed"), "33cyc 300cyc");
}

TEST(Uncertainty, LeavesWhatIsKnownAndNamesWhatHasNoRange) {
    const Uncertainty found =
        uncertainty_of({entry("100cyc", "H"), entry("4096", ""), entry("lru", "assumed"), entry("28", "MEM")});
    EXPECT_TRUE(found.varied.empty());
    EXPECT_EQ(found.without_range, (std::vector<std::string>{"key.lruassumed", "key.28MEM"}));
}

TEST(Sensitivity, RanksByTheLargestRelativeChangeOfAnyAlternative) {
    const SensitivitySection ranked = section();
    EXPECT_EQ(ranked.responses[0].parameter.key, "costs.a");
    EXPECT_EQ(ranked.responses[1].parameter.key, "costs.b");
    EXPECT_DOUBLE_EQ(effect_of(ranked.responses[0], ranked.base), 2.5);
    EXPECT_DOUBLE_EQ(effect_of(ranked.responses[1], ranked.base), 0.1);
    EXPECT_DOUBLE_EQ(*relative_change(-2, -1), 0.5);
    EXPECT_FALSE(relative_change(0, 1));
}

TEST(Sensitivity, SeesAnOrderThatChanges) {
    EXPECT_TRUE(order_changes({1, 2, 3}, {1, 3, 2}));
    EXPECT_FALSE(order_changes({1, 2, 3}, {1, 2, 2})) << "a tie is no change";
    EXPECT_FALSE(order_changes({1, 1, 3}, {2, 1, 3})) << "nor is the end of one";
    EXPECT_FALSE(order_changes({1, 2}, {std::nullopt, 2})) << "a failed run tells nothing";
    EXPECT_EQ(order_of({3, std::nullopt, 1, 3}), (std::vector<std::size_t>{2, 0, 3}));
    EXPECT_EQ(place_of({3, 1, 2}, 0), 3U);
    EXPECT_EQ(place_of({3, 3, 2}, 1), 2U);
}

TEST(Sensitivity, FindsTheEndThatIsWorstForTheLowerOfTwo) {
    const SensitivitySection ranked = section();
    EXPECT_TRUE(high_favours_second(ranked.responses[1], 0, 2));   // costs.b high: none dearer
    EXPECT_FALSE(high_favours_second(ranked.responses[0], 0, 2));  // costs.a low: freetype cheaper
}

TEST(SensitivityReport, SaysWhetherTheOrderDependsOnAnything) {
    SensitivityReport report{"0.1.0",
                             "cycles_per_page",
                             "flush.strategy",
                             kRangeRule,
                             {"platform.cores = 16 (of 2, 16, 64)"},
                             {{"costs.x", "1cyc", "0cyc", "3cyc", "assumed", false}},
                             {"hw.mem.home"},
                             {section()}};
    const std::string text = sensitivity_text(report);
    using testing::expect_part;
    expect_part(text, "sensitivity of cycles_per_page to 4 uncertain parameters");
    expect_part(text, "only platform.cores = 16 (of 2, 16, 64)");
    expect_part(text, "1 that no run here depends on: costs.x\n");
    expect_part(text, "as configured: none 100, freetype 120, per-page 400\n");
    expect_part(text, "order: CHANGED by a parameter alone:\n  costs.a = 180cyc: none < per-page < freetype\n");
    expect_part(text, "places, one parameter moved at a time: none 1, freetype 2 to 3, per-page 2 to 3\n");
    expect_part(text, "  none COMES ABOVE freetype: 110 and 104, 100 and 120 as configured\n");
    expect_part(text, "  freetype stays below per-page: 130 and 390, 120 and 400 as configured\n");
    expect_part(text, "1 more, each below 0.1 %\n");
    expect_part(text, "costs.a    60cyc  20cyc  180cyc  assumed *");
    report.sections[0].responses.erase(report.sections[0].responses.begin());
    expect_part(sensitivity_text(report), "order: no parameter alone changes it\n");
}

TEST(SensitivityReport, IsTheSameInJson) {
    const SensitivityReport report{"0.1.0", "cycles_per_page", "flush.strategy", kRangeRule, {}, {}, {}, {section()}};
    const std::string json = sensitivity_json(report);
    testing::expect_part(json, "\"figure\": \"cycles_per_page\"");
    testing::expect_part(json, "\"effect\": 2.5");
    testing::expect_part(json, "\"order_changes_at_high\": true");
    testing::expect_part(json, "\"first\": \"none\"");
    check_sensitivity_json(json, "s.json");
}

TEST(SensitivityReport, KnowsItsOwnJson) {
    const SensitivityReport report{"0.1.0", "cycles_per_page", "flush.strategy", kRangeRule, {}, {}, {}, {section()}};
    const auto refusal = [](const std::string& text) {
        return testing::error_of([&] { check_sensitivity_json(text, "s.json"); });
    };
    const std::string expected = "s.json: not JSON of `splinter sensitivity --json` of this version";
    for (const char* text : {"", "no JSON", "[]", "{}", "{\"schema\": 2, \"points\": []}"})
        EXPECT_EQ(refusal(text), expected) << text;
    for (const char* part : {"\"at_low\"", "\"config\"", "\"alternatives\"", "\"first_figure\"", "\"schema\""}) {
        std::string json = sensitivity_json(report);
        json.replace(json.find(part), 3, "\"zz");
        EXPECT_EQ(refusal(json), expected) << part;
    }
}

}  // namespace splinter::platforms
