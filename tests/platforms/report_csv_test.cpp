// CSV: columns in a fixed order, every digit kept, absent figures empty.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "platforms/report/csv_report.h"
#include "platforms/run/metrics.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

std::vector<std::string> cells_of(const std::string& text, std::size_t row) {
    std::istringstream lines{text};
    std::string line;
    for (std::size_t i = 0; i <= row; ++i) std::getline(lines, line);
    std::vector<std::string> cells{""};
    for (const char c : line) {
        if (c == ',')
            cells.emplace_back();
        else
            cells.back().push_back(c);
    }
    return cells;
}

TEST(Csv, HasOneRowPerPointWorkloadAndPhaseAndAColumnPerMetric) {
    PointResult point = samples::steady_point("2", "none", {});
    point.result.workloads = {samples::full_result().workloads[0]};
    const std::string text = csv_report({point});
    std::vector<std::string> heading{"platform.cores", "flush.strategy", "workload", "phase"};
    std::vector<std::string> population{"2", "none", "secretmem", "population"};
    std::vector<std::string> steady{"2", "none", "secretmem", "steady"};
    for (const MetricInfo& metric : metrics()) {
        heading.emplace_back(metric.id);
        population.emplace_back(metric.id == "cycles_per_page" ? "0.30000000000000004" : metric.id == "splits" ? "3" : "");
        steady.emplace_back(metric.id == "cycles_per_page" ? "1e-300" : metric.id == "ns_per_page" ? "0.3333333333333333" : "");
    }
    heading.insert(heading.end(), {"end_cycles", "state_hash"});
    for (auto* row : {&population, &steady}) row->insert(row->end(), {"18446744073709551614", "0xfedcba9876543210"});
    EXPECT_EQ(cells_of(text, 0), heading);
    EXPECT_EQ(cells_of(text, 1), population);
    EXPECT_EQ(cells_of(text, 2), steady);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(Csv, HasTheCountersThatTheExperimentNamesBehindTheMetrics) {
    PointResult point = samples::steady_point("2", "none", {{"pages", 3}, {"shrunk_pages", 7}});
    point.result.config.push_back({"report.columns", "pages+shrunk_pages", "x.toml:1:1", "", ""});
    const std::string text = csv_report({point});
    EXPECT_NE(text.find(",pages,shrunk_pages,end_cycles,"), std::string::npos) << text;
    EXPECT_NE(text.find(",3,7,1000,"), std::string::npos) << text;
}

TEST(Csv, PadsTheHashAndQuotesWhatNeedsIt) {
    PointResult point = samples::steady_point("2", "none", {});
    point.key[1].value = "a,\"b\"";
    const std::string text = csv_report({point});
    EXPECT_NE(text.find("\n2,\"a,\"\"b\"\"\",secretmem,"), std::string::npos) << text;
    EXPECT_NE(text.find(",0x0000000000000abc\n"), std::string::npos) << text;
}

}  // namespace splinter::platforms
