// The ledger as folded stacks.
#include <sstream>

#include <gtest/gtest.h>

#include "platforms/report/folded_stacks.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {
namespace {

TEST(FoldedStacks, AreALinePerAccountUnderItsSide) {
    RunResult result;
    result.workloads = {samples::workload("secretmem", {})};
    result.workloads[0].ledger = {{LedgerSide::initiator, "acquire", 5},
                                  {LedgerSide::initiator, "acquire/flush/ack-wait", 7},
                                  {LedgerSide::initiator, "idle", 0},
                                  {LedgerSide::victim, "user", 11}};
    EXPECT_EQ(folded_stacks(result), "initiators;acquire 5\ninitiators;acquire;flush;ack-wait 7\nvictims;user 11\n");
}

TEST(FoldedStacks, OfSeveralWorkloadsNameThemUnderTheRoots) {
    RunResult result;
    for (const char* name : {"secretmem", "trace"}) {
        result.workloads.push_back(samples::workload(name, {}));
        result.workloads.back().ledger = {{LedgerSide::victim, "user", 3}};
    }
    EXPECT_EQ(folded_stacks(result), "victims;secretmem;user 3\nvictims;trace;user 3\n");
}

TEST(FoldedStacks, SumUpToTheLedger) {
    const RunResult result = [] {
        RunResult out;
        out.workloads = {samples::workload("secretmem", {})};
        for (std::uint64_t i = 1; i <= 100; ++i)
            out.workloads[0].ledger.push_back(
                {i % 2 == 0 ? LedgerSide::initiator : LedgerSide::victim, "a/" + std::to_string(i), i});
        return out;
    }();
    std::istringstream lines{folded_stacks(result)};
    std::uint64_t sum = 0;
    for (std::string line; std::getline(lines, line);) sum += std::stoull(line.substr(line.rfind(' ') + 1));
    EXPECT_EQ(sum, 100U * 101 / 2);
}

}  // namespace
}  // namespace splinter::platforms
