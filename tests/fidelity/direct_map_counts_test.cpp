// The direct map's operations count what real kernels counted: all rows of the recorded tables, and the splits and leaves of
// the recorded traces. tests/data/direct_map/README.md says what the data is, platforms/conform/README.md how it is compared.
#include <gtest/gtest.h>

#include "platforms/conform/dmap_trace_run.h"
#include "platforms/conform/record_formats.h"
#include "tests/platforms/expect_part.h"

namespace splinter::platforms {
namespace {

using testing::expect_part;

std::string data(const std::string& name) { return std::string{SPLINTER_SOURCE_DIR} + "/tests/data/" + name; }

TEST(DirectMapCounts, EveryOperationCountsAndLeavesWhatLinuxDid) {
    ConformReport report{Detail::summary};
    run_record_file(data("direct_map/dmap_ops.csv"), {}, report);
    EXPECT_TRUE(report.agrees()) << report.text();
    expect_part(report.text(), "\n895 of 895 agree\n");
    expect_part(report.text(), "\ndmap_ops/setmem                54   54\n");
}

TEST(DirectMapCounts, MemfdSecretFlushesAndInterruptsAsLinuxDid) {
    ConformReport report{Detail::summary};
    run_record_file(data("direct_map/secretmem.csv"), {}, report);
    EXPECT_TRUE(report.agrees()) << report.text();
    expect_part(report.text(), "\n260 of 260 agree\n");
}

struct Trace {
    const char* name;
    const char* last_line;
};
struct SecretTraces : ::testing::TestWithParam<Trace> {};
constexpr Trace kTraces[] = {{"secret1-k61", "\n120 of 120 agree\n"},
                             {"secret8-k612", "\n132 of 132 agree\n"},
                             {"secret64-k61", "\n342 of 342 agree\n"},
                             {"secret512-k61", "\n1705 of 1705 agree\n"},
                             {"secret512-k612", "\n1638 of 1638 agree\n"}};

TEST_P(SecretTraces, SplitsAndLeavesAtTheEndArePredicted) {
    ConformReport report{Detail::summary};
    run_direct_map_of_trace(data("traces/") + GetParam().name, report);
    EXPECT_TRUE(report.agrees()) << report.text();
    expect_part(report.text(), GetParam().last_line);
    expect_part(report.text(), "direct map/totals");
}

INSTANTIATE_TEST_SUITE_P(DirectMap, SecretTraces, ::testing::ValuesIn(kTraces), [](const auto& row) {
    std::string name = row.param.name;
    name[name.find('-')] = '_';
    return name;
});

TEST(DirectMapOfTrace, ATraceWithoutARecordedDirectMapIsPassedOver) {
    ConformReport report{Detail::summary};
    run_direct_map_of_trace(data("traces/thp-k61"), report);
    EXPECT_EQ(report.text(), "0 of 0 agree\n");
}

}  // namespace
}  // namespace splinter::platforms
