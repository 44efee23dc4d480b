// Keys with several values, from [axes] and from --set, and the points they span.
#include "hw/base/check.h"
#include "platforms/config/layered_config.h"
#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

using Texts = std::vector<std::string>;

class ConfigAxes : public ::testing::Test {
  protected:
    TempDir dir_;

    LayeredConfig load(const std::string& text, const Texts& sets = {}) {
        return LayeredConfig::load(dir_.write("experiments/e.toml", text), sets, defaults());
    }
    std::string error(const std::string& text, const Texts& sets = {}) {
        return error_of([&] { load(text, sets); });
    }
    std::string at(const std::string& place_and_message) { return dir_.path("experiments/e.toml:" + place_and_message); }
    static Machine machine_at(const LayeredConfig& config, const PointKey& key) {
        Machine machine;
        config.resolve(key, describer(machine));
        return machine;
    }
};

TEST_F(ConfigAxes, PointsAreAllCombinationsTheLastAxisFastest) {
    const auto config = load("[axes]\nworkload.mechanism = [\"rar\", \"ipi\"]\nplatform.cores = [2, 16, 64]");
    ASSERT_EQ(config.axes().size(), 2U);
    EXPECT_EQ(config.axes()[0].key, "workload.mechanism");  // the order of the file, not of the alphabet
    EXPECT_EQ(config.axes()[1].values, (Texts{"2", "16", "64"}));
    EXPECT_EQ(config.axes()[1].origin, at("3:18"));

    std::string all;
    for (const PointKey& point : config.points()) all += point[0].value + point[1].value + " ";
    EXPECT_EQ(all, "rar2 rar16 rar64 ipi2 ipi16 ipi64 ");
    const Machine last = machine_at(config, config.points().back());
    EXPECT_EQ(last.mechanism, "ipi");
    EXPECT_EQ(last.cores, 64U);
}

TEST_F(ConfigAxes, AnExperimentWithoutAxesIsOnePoint) { EXPECT_EQ(load("").points(), std::vector<PointKey>{PointKey{}}); }

TEST_F(ConfigAxes, AQuotedKeyAndANestedTableAreTheSameAxis) {
    EXPECT_EQ(load("[axes]\n\"platform.cores\" = [2, 4]").axes()[0].key, "platform.cores");
    EXPECT_EQ(load("[axes.platform]\ncores = [2, 4]").axes()[0].key, "platform.cores");
    EXPECT_EQ(error("[axes]\n\"platform.cores\" = [2]\nplatform.cores = [4]").find(at("")), 0U);
}

TEST_F(ConfigAxes, AnAxisHidesIncludesAndThePlatformFile) {
    dir_.write("low.toml", "platform.cores = 3");
    dir_.write("platforms/p.toml", "platform.cores = 5");
    const auto config = load("include = [\"../low.toml\"]\nplatform.model = \"p\"\n[axes]\nplatform.cores = [7, 9]");
    Machine machine;
    const auto entries = config.resolve(config.points()[1], describer(machine));
    EXPECT_EQ(machine.cores, 9U);
    EXPECT_EQ(entry_of(entries, "platform.cores").origin, at("4:22"));
}

TEST_F(ConfigAxes, AKeyIsAnAxisOrAValueNotBoth) {
    EXPECT_EQ(error("platform.cores = 3\n[axes]\nplatform.cores = [2, 4]"),
              at("3:18: axis `platform.cores` also has a value at ") + at("1:10"));
}

TEST_F(ConfigAxes, SetReplacesAnAxisInItsPlace) {
    const auto config =
        load("[axes]\nplatform.cores = [2, 4]\nworkload.mechanism = [\"rar\", \"ipi\"]", {"platform.cores=8,16"});
    EXPECT_EQ(config.axes()[0].key, "platform.cores");
    EXPECT_EQ(config.axes()[0].values, (Texts{"8", "16"}));
    EXPECT_EQ(config.axes()[0].origin, "--set platform.cores");
    EXPECT_EQ(config.axes().size(), 2U);
}

TEST_F(ConfigAxes, SetMakesAnAxisOfAValueInTheFile) {
    const auto config = load("platform.cores = 3", {"platform.cores=8,16"});
    EXPECT_EQ(machine_at(config, config.points()[1]).cores, 16U);
}

TEST_F(ConfigAxes, SetToOneValueRemovesAnAxis) {
    const auto config = load("[axes]\nplatform.cores = [2, 4]", {"platform.cores=8"});
    EXPECT_TRUE(config.axes().empty());
    EXPECT_EQ(machine_at(config, {}).cores, 8U);
}

TEST_F(ConfigAxes, AxisValuesAreCheckedLikeAnyValue) {
    EXPECT_EQ(error("[axes]\nplatform.cores = [2, 0]"),
              at("2:22: `platform.cores` is 0, expected a whole number from 1 to 1024"));
    EXPECT_EQ(error("[axes]\nhw.core.invlpg = [\"9cyc\", 9]"),
              at("2:27: `hw.core.invlpg` is 9: missing unit, write e.g. \"900cyc\" or \"81ns\""));
    EXPECT_EQ(error("[axes]\nplatform.corse = [2, 4]"),
              at("2:18: unknown key `platform.corse`; did you mean `platform.cores`?"));
    EXPECT_EQ(error("", {"workload.mechanism=ipi,inlvpgb"}),
              "--set workload.mechanism: `workload.mechanism` is \"inlvpgb\", expected one of ipi, invlpgb, rar; did you mean "
              "`invlpgb`?");
    EXPECT_EQ(error("", {"platform.cores=2,"}), "--set platform.cores: `platform.cores` is \"\": nothing given, write e.g. 64");
}

TEST_F(ConfigAxes, AnAxisIsAListThatIsNotEmptyAndRepeatsNothing) {
    EXPECT_EQ(error("[axes]\nplatform.cores = []"), at("2:18: axis `platform.cores` has no values"));
    EXPECT_EQ(error("[axes]\nplatform.cores = 3"),
              at("2:18: axis `platform.cores` must be a list of values or a range, e.g. [2, 16, 64] or \"2..64 x2\""));
    EXPECT_EQ(error("axes = 3"), at("1:8: `axes` must be a table of lists, [axes]"));
    EXPECT_EQ(error("[axes]\nplatform.cores = [2, 4, 2]"), at("2:25: axis `platform.cores` has the value 2 twice"));
    EXPECT_EQ(error("", {"platform.memory=1GiB,1024MiB"}),
              "--set platform.memory: axis `platform.memory` has the value 1GiB twice");
}

TEST_F(ConfigAxes, DurationsInNanosecondsFollowAFrequencyAxis) {
    const auto config = load("[axes]\nplatform.frequency = [\"2GHz\", \"3000MHz\"]\nhw.core.invlpg = [\"100ns\", \"50cyc\"]");
    EXPECT_EQ(config.axes()[0].values, (Texts{"2GHz", "3GHz"}));
    EXPECT_EQ(config.axes()[1].values, (Texts{"100ns", "50cyc"}));
    EXPECT_EQ(machine_at(config, config.points()[0]).invlpg, Cycles{200});
    EXPECT_EQ(machine_at(config, config.points()[2]).invlpg, Cycles{300});
    EXPECT_EQ(machine_at(config, config.points()[3]).invlpg, Cycles{50});
}

TEST_F(ConfigAxes, ThePlatformMayBeAnAxis) {
    dir_.write("platforms/p.toml", "platform.cores = 3");
    dir_.write("platforms/q.toml", "platform.cores = 5");
    for (const auto& config : {load("[axes]\nplatform.model = [\"p\", \"q\"]"), load("", {"platform.model=p,q"})}) {
        EXPECT_EQ(machine_at(config, config.points()[0]).cores, 3U);
        EXPECT_EQ(machine_at(config, config.points()[1]).cores, 5U);
    }
    EXPECT_EQ(error("[axes]\nplatform.model = [\"p\", \"r\"]"),
              at("2:24: unknown platform model \"r\", `") + dir_.path("platforms") + "` has p, q");
}

TEST_F(ConfigAxes, WhatIsReportedIsNoAxis) {
    const std::string why =
        "`report.columns` cannot be an axis: it changes what is shown of a point, not the point; several names "
        "in one value are joined by +";
    EXPECT_EQ(error("[axes]\nreport.columns = [\"a\", \"b\"]"), at("2:18: ") + why);
    EXPECT_EQ(error("", {"report.columns=a,b"}), "--set report.columns: " + why);
}

TEST_F(ConfigAxes, AListIsOneAxisValue) {
    const Texts wanted{"secretmem+trace", "trace"};
    const auto nested = load("[axes]\nworkload.run = [[\"secretmem\", \"trace\"], \"trace\"]");
    EXPECT_EQ(nested.axes()[0].values, wanted);
    const auto set = load("", {"workload.run=secretmem+trace,trace"});
    EXPECT_EQ(set.axes()[0].values, wanted);
    EXPECT_EQ(machine_at(set, set.points()[0]).run, (Texts{"secretmem", "trace"}));
}

TEST_F(ConfigAxes, APointThatIsNoneIsABugOfOurs) {
    const auto config = load("[axes]\nplatform.cores = [2, 4]");
    EXPECT_THROW(machine_at(config, {}), InternalError);
    EXPECT_THROW(machine_at(config, {{"platform.cores", "3"}}), InternalError);
    EXPECT_THROW(machine_at(config, {{"platform.memory", "2"}}), InternalError);
}

}  // namespace
}  // namespace splinter::platforms::testing
