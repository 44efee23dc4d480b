// CSV: columns in a fixed order, every digit kept, absent figures empty.
#include <gtest/gtest.h>

#include "platforms/report/csv_report.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

TEST(Csv, HasOneRowPerPointWorkloadAndPhase) {
    PointResult point = samples::steady_point("2", "none", {});
    point.result.workloads = {samples::full_result().workloads[0]};
    EXPECT_EQ(csv_report({point}),
              "platform.cores,flush.strategy,workload,phase,cycles_per_page,ns_per_page,alloc_p50_cycles,alloc_p99_cycles,"
              "alloc_p999_cycles,worst_call_cycles,ipis_per_1000_pages,splits,stolen_cycles_per_page,victim_slowdown_percent,"
              "exposure_cycles_per_page,unmapped_free_bytes,zeroed_bytes,cycles_per_access,pages,end_cycles,state_hash\n"
              "2,none,secretmem,population,0.30000000000000004,,,,,,,3,,,,,,,,18446744073709551614,0xfedcba9876543210\n"
              "2,none,secretmem,steady,1e-300,0.3333333333333333,,,,,,,,,,,,,,18446744073709551614,0xfedcba9876543210\n");
}

TEST(Csv, HasTheFiguresThatTheExperimentNamesBehindTheUsualOnes) {
    PointResult point = samples::steady_point("2", "none", {{"pages", 3}, {"flips_to_mapped", 7}});
    point.result.config.push_back({"report.columns", "pages+flips_to_mapped", "x.toml:1:1", "", ""});
    const std::string text = csv_report({point});
    EXPECT_NE(text.find(",pages,flips_to_mapped,end_cycles,"), std::string::npos) << text;
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
