// The largest accounts, in percent of their side.
#include <gtest/gtest.h>

#include "platforms/report/ledger_report.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

TEST(LedgerReport, ShowsInitiatorsAndVictimsApartInPercentOfTheirOwnCycles) {
    RunResult result;
    result.workloads = {samples::workload("secretmem", {})};
    result.workloads[0].ledger = {{LedgerSide::initiator, "alloc/flush/ack-wait", 1500},
                                  {LedgerSide::initiator, "alloc/rmqueue", 500},
                                  {LedgerSide::initiator, "idle", 0},
                                  {LedgerSide::victim, "irq/flush", 1},
                                  {LedgerSide::victim, "user", 2}};
    EXPECT_EQ(ledger_report(result),
              "secretmem, cycles of initiators: 2,000\n"
              "   75.0 %  alloc/flush/ack-wait\n"
              "   25.0 %  alloc/rmqueue\n"
              "\n"
              "secretmem, cycles of victims: 3\n"
              "   66.7 %  user\n"
              "   33.3 %  irq/flush\n");
}

TEST(LedgerReport, SumsWhatIsBelowTheEightLargest) {
    RunResult result;
    result.workloads = {samples::workload("trace", {})};
    for (const char* path : {"j", "i", "h", "g", "f", "e", "d", "c", "b", "a"})
        result.workloads[0].ledger.push_back({LedgerSide::initiator, path, 10});
    EXPECT_EQ(ledger_report(result),
              "trace, cycles of initiators: 100\n"
              "   10.0 %  a\n"
              "   10.0 %  b\n"
              "   10.0 %  c\n"
              "   10.0 %  d\n"
              "   10.0 %  e\n"
              "   10.0 %  f\n"
              "   10.0 %  g\n"
              "   10.0 %  h\n"
              "   20.0 %  (2 smaller accounts)\n");
}

TEST(LedgerReport, OfARunWithoutVictimsHasNoVictims) {
    RunResult result;
    result.workloads = {samples::workload("trace", {})};
    result.workloads[0].ledger = {{LedgerSide::initiator, "alloc", 1}};
    EXPECT_EQ(ledger_report(result).find("victims"), std::string::npos);
}

}  // namespace splinter::platforms
