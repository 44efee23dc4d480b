// JSON Lines, and the list of parameters.
#include "platforms/report/jsonl_report.h"

#include <gtest/gtest.h>

#include "platforms/report/parameter_report.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms {

TEST(JsonLines, HaveOneLinePerPointAndPhase) {
    PointResult second = samples::steady_point("4", "freetype", {{"cycles_per_page", 0.1 + 0.2}});
    second.result.workloads.push_back(samples::workload("trace", {{"trace", {}}}));
    EXPECT_EQ(jsonl_report({samples::steady_point("2", "none", {{"splits", 3}}), second}),
              R"({"point":{"platform.cores":2,"flush.strategy":"none"},"workload":"secretmem","phase":"steady",)"
              R"("metrics":{"splits":3.0},"end_cycles":1000,"state_hash":"0x0000000000000abc"})"
              "\n"
              R"({"point":{"platform.cores":4,"flush.strategy":"freetype"},"workload":"secretmem","phase":"steady",)"
              R"("metrics":{"cycles_per_page":0.30000000000000004},"end_cycles":1000,"state_hash":"0x0000000000000abc"})"
              "\n"
              R"({"point":{"platform.cores":4,"flush.strategy":"freetype"},"workload":"trace","phase":"trace",)"
              R"("metrics":{},"end_cycles":1000,"state_hash":"0x0000000000000abc"})"
              "\n");
    EXPECT_EQ(jsonl_report({}), "");
}

TEST(ParameterReport, HasALinePerValueOfEachParameter) {
    const ConfigEntry invlpg{"hw.core.invlpg", "200cyc", "p.toml:12:5", "SDM 3A", "H", "100cyc", "260cyc"};
    EXPECT_EQ(parameter_report({{invlpg, {"platform.cores", "2", "e.toml:3:1", "", ""}},
                                {invlpg, {"platform.cores", "4", "e.toml:3:1", "", ""}}}),
              "parameter       value   origin       confidence  range           source\n"
              "hw.core.invlpg  200cyc  p.toml:12:5  H           100cyc..260cyc  SDM 3A\n"
              "platform.cores  2       e.toml:3:1   -           -               -\n"
              "platform.cores  4       e.toml:3:1   -           -               -\n");
}

}  // namespace splinter::platforms
