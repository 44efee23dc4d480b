// The summary of a replay.
#include <gtest/gtest.h>

#include "platforms/report/replay_report.h"

namespace splinter::platforms {

namespace {

ReplayReport replay_sample() {
    ReplayReport report{};
    report.events = 123456;
    report.allocations = 60000;
    report.frees = 59000;
    report.failures = 0;
    report.overlaps = 0;
    report.zones = {{"DMA", 3976, 3976}, {"DMA32", 700000, 699998}, {"Normal", 10, 1010}};
    report.free_pages_compared = true;
    return report;
}

}  // namespace

TEST(ReplayReport, EndsWithTheNumberOfZonesThatAgree) {
    EXPECT_EQ(replay_text(replay_sample()),
              "events             123,456\n"
              "allocations         60,000\n"
              "frees               59,000\n"
              "failures                 0\n"
              "overlaps                 0\n"
              "\n"
              "          expected       found\n"
              "zone    free pages  free pages  difference\n"
              "DMA          3,976       3,976           0\n"
              "DMA32      700,000     699,998          -2\n"
              "Normal          10       1,010      +1,000\n"
              "\n"
              "1 of 3 zones agree\n");
}

TEST(ReplayReport, SaysWhyZonesWereNotCompared) {
    ReplayReport report = replay_sample();
    report.free_pages_compared = false;
    const std::string text = replay_text(report);
    EXPECT_NE(text.find("zones not compared: a share of the allocations was declared unmapped\n"), std::string::npos);
    EXPECT_EQ(text.find("agree\n"), std::string::npos);
}

}  // namespace splinter::platforms
