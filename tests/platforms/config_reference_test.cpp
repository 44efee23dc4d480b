// The two small readers beside the loader: the parameter reference and the rule that costs have sources.
#include "hw/base/check.h"
#include "platforms/config/reference.h"
#include "platforms/config/sources.h"
#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

TEST(ParameterTable, HasOneRowForEachFieldInOrder) {
    EXPECT_EQ(parameter_table(defaults()), R"(| key | default | allowed | meaning |
|---|---|---|---|
| `hw.core.invlpg` | `200cyc` | a duration from 1cyc to 10000cyc | INVLPG, one page. |
| `hw.core.global` | `true` | true or false | CR4.PGE \| global pages. |
| `platform.model` | `none` | a string | Platform file. |
| `platform.cores` | `4` | a whole number from 1 to 1024 | Online hardware threads. |
| `platform.memory` | `1GiB` | a size of at least 4KiB | RAM. |
| `platform.frequency` | `1GHz` | a frequency from 1MHz to 10GHz | Clock. |
| `workload.mechanism` | `ipi` | one of ipi, invlpgb, rar | How cores are told. |
| `workload.run` | `secretmem` | a list of secretmem, trace | Workloads. |
| `workload.predicates` |  | a list of names | Any match. |
)");
}

TEST(ParameterTable, OfTheRunHasItsModelAndCores) {
    const std::string table = parameter_reference(RunConfig{});
    EXPECT_NE(table.find("| `platform.model` |"), std::string::npos);
    EXPECT_NE(table.find("| `platform.cores` |"), std::string::npos);
}

TEST(Fields, AKeyDescribedTwiceIsABugOfOurs) {
    const Describe twice = [](ParamVisitor& visitor) {
        bool flag = false;
        visitor.flag("a", flag, "");
        visitor.flag("a", flag, "");
    };
    EXPECT_THROW(for_each_field(twice, [](Field&) {}), InternalError);
}

class Sources : public ::testing::Test {
  protected:
    TempDir dir_;
};

TEST_F(Sources, AreNeededByEveryNumberOfACostsFile) {
    const std::string path = dir_.write("costs/c.toml", R"(
a = 3
b = { value = 3, source = "x", confidence = "H" }
c = { value = "3cyc", source = "x" }
d = { value = 3, confidence = "H" }
e = "64KiB"
f = "words"
g = true
)");
    EXPECT_EQ(values_without_source(path),
              (std::vector<std::string>{path + ":2:5: a", path + ":4:15: c", path + ":5:15: d", path + ":6:5: e"}));
}

TEST_F(Sources, AreNeededByDurationsOnlyElsewhere) {
    const std::string path = dir_.write("platforms/p.toml", R"(
a = 3
b = "3cyc"
c = "81ns"
d = "64KiB"
e = { value = "3cyc", source = "x", confidence = "assumed" }
f = "3GHz"
)");
    EXPECT_EQ(values_without_source(path), (std::vector<std::string>{path + ":3:5: b", path + ":4:5: c"}));
}

}  // namespace
}  // namespace splinter::platforms::testing
