// Several files and the command line: which layer wins, and what joins them.
#include <unistd.h>

#include "platforms/config/layered_config.h"
#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

using Texts = std::vector<std::string>;

class ConfigLayers : public ::testing::Test {
  protected:
    TempDir dir_;
    Machine machine_;
    std::vector<ConfigEntry> entries_;

    void load(const std::string& path, const Texts& sets = {}) {
        const auto config = LayeredConfig::load(path, sets, defaults());
        entries_ = config.resolve(config.points().front(), describer(machine_));
    }
    // Writes the experiment experiments/e.toml and loads it.
    void load_text(const std::string& text, const Texts& sets = {}) { load(dir_.write("experiments/e.toml", text), sets); }
    std::string error(const std::string& text, const Texts& sets = {}) {
        return error_of([&] { load_text(text, sets); });
    }
};

TEST_F(ConfigLayers, EachLayerHidesTheLowerOnes) {
    dir_.write("costs/first.toml",
               "platform.cores = 10\nhw.core.invlpg = \"10cyc\"\nplatform.memory = \"10GiB\"\n"
               "workload.mechanism = \"rar\"\nhw.core.global = false");
    dir_.write(
        "costs/second.toml",
        "platform.cores = 11\nhw.core.invlpg = \"11cyc\"\nplatform.memory = \"11GiB\"\nworkload.mechanism = \"invlpgb\"");
    dir_.write("platforms/p.toml", "platform.cores = 12\nhw.core.invlpg = \"12cyc\"\nplatform.memory = \"12GiB\"");
    load_text(
        "include = [\"../costs/first.toml\", \"../costs/second.toml\"]\nplatform.model = \"p\"\nplatform.cores = 13\n"
        "hw.core.invlpg = \"13cyc\"",
        {"platform.cores=14"});
    EXPECT_EQ(machine_.hertz, 1'000'000'000U);            // default
    EXPECT_FALSE(machine_.global);                        // first include
    EXPECT_EQ(machine_.mechanism, "invlpgb");             // second include
    EXPECT_EQ(machine_.memory, std::uint64_t{12} << 30);  // platform file
    EXPECT_EQ(machine_.invlpg, Cycles{13});               // experiment
    EXPECT_EQ(machine_.cores, 14U);                       // --set

    EXPECT_EQ(entry_of(entries_, "platform.frequency").origin, "default");
    EXPECT_EQ(entry_of(entries_, "hw.core.global").origin, dir_.path("costs/first.toml:5:18"));
    EXPECT_EQ(entry_of(entries_, "workload.mechanism").origin, dir_.path("costs/second.toml:4:22"));
    EXPECT_EQ(entry_of(entries_, "platform.memory").origin, dir_.path("platforms/p.toml:3:19"));
    EXPECT_EQ(entry_of(entries_, "hw.core.invlpg").origin, dir_.path("experiments/e.toml:4:18"));
    EXPECT_EQ(entry_of(entries_, "platform.cores").origin, "--set");
}

TEST_F(ConfigLayers, ANumberThatIsOverriddenLosesItsSource) {
    dir_.write("low.toml", "hw.core.invlpg = { value = \"200cyc\", source = \"Hansen\", confidence = \"H\" }");
    load_text("include = [\"../low.toml\"]", {"hw.core.invlpg=300cyc"});
    EXPECT_EQ(entry_of(entries_, "hw.core.invlpg").source, "");
    EXPECT_EQ(entry_of(entries_, "hw.core.invlpg").confidence, "");
}

TEST_F(ConfigLayers, APlatformFileStandsOnItsOwnIncludes) {
    dir_.write("platforms/family/base.toml", "platform.cores = 2\nplatform.memory = \"2GiB\"");
    dir_.write("platforms/p.toml", "include = [\"family/base.toml\"]\nplatform.cores = 3");
    load_text("platform.model = \"p\"");
    EXPECT_EQ(machine_.cores, 3U);
    EXPECT_EQ(machine_.memory, std::uint64_t{2} << 30);
}

TEST_F(ConfigLayers, NanosecondsUseTheFrequencyOfAHigherLayer) {
    dir_.write("costs.toml", "hw.core.invlpg = \"81ns\"");
    load_text("include = [\"../costs.toml\"]", {"platform.frequency=3GHz"});
    EXPECT_EQ(machine_.invlpg, Cycles{243});
}

TEST_F(ConfigLayers, AModelNamesAFileBesideTheExperiments) {
    dir_.write("platforms/p.toml", "platform.cores = 3");
    dir_.write("platforms/q.toml", "platform.cores = 5");
    load_text("platform.model = \"p\"");
    EXPECT_EQ(machine_.cores, 3U);
    load_text("platform.model = \"p\"", {"platform.model=q"});
    EXPECT_EQ(machine_.cores, 5U);
    EXPECT_EQ(machine_.model, "q");
}

TEST_F(ConfigLayers, AModelMayBeAPath) {
    dir_.write("experiments/own.toml", "platform.cores = 7");
    load_text("platform.model = \"own.toml\"");
    EXPECT_EQ(machine_.cores, 7U);
    load_text("platform.model = \"../experiments/own.toml\"");
    EXPECT_EQ(machine_.cores, 7U);
}

TEST_F(ConfigLayers, AModelPathAfterSetIsSeenFromTheWorkingDirectory) {
    dir_.write("here.toml", "platform.cores = 9");
    const std::string experiment = dir_.write("experiments/e.toml", "");
    const std::filesystem::path before = std::filesystem::current_path();
    std::filesystem::current_path(dir_.path(""));
    load(experiment, {"platform.model=./here.toml"});
    std::filesystem::current_path(before);
    EXPECT_EQ(machine_.cores, 9U);
}

TEST_F(ConfigLayers, AnUnknownModelListsTheFilesThatExist) {
    dir_.write("platforms/skylake-sp-2s.toml", "");
    dir_.write("platforms/milan.toml", "");
    EXPECT_EQ(error("platform.model = \"skylake-sp-4s\""),
              dir_.path("experiments/e.toml:1:18: unknown platform model \"skylake-sp-4s\", `") + dir_.path("platforms") +
                  "` has milan, skylake-sp-2s; did you mean `skylake-sp-2s`?");
    EXPECT_EQ(error("", {"platform.model=x"}),
              "--set platform.model: unknown platform model \"x\", `" + dir_.path("platforms") + "` has milan, skylake-sp-2s");
    std::filesystem::remove_all(dir_.path("platforms"));
    EXPECT_EQ(error("", {"platform.model=x"}),
              "--set platform.model: unknown platform model \"x\", there are no .toml files in `" + dir_.path("platforms") +
                  "`; the model may also be the path of a platform file, seen from the experiment file");
    // An experiment elsewhere finds the platforms of the checkout that the program is called from.
    const auto before = std::filesystem::current_path();
    dir_.write("configs/platforms/milan.toml", "");
    std::filesystem::current_path(dir_.path(""));
    load_text("", {"platform.model=milan"});
    EXPECT_EQ(error("", {"platform.model=x"}),
              "--set platform.model: unknown platform model \"x\", `configs/platforms` has milan");
    std::filesystem::current_path(before);
    EXPECT_EQ(error("platform.model = 3"), dir_.path("experiments/e.toml:1:18: `platform.model` is 3, expected a string"));
}

TEST_F(ConfigLayers, AMissingIncludeIsReportedWhereItIsNamed) {
    EXPECT_EQ(error("include = [\"../none.toml\"]"),
              dir_.path("experiments/e.toml:1:12: cannot read `") + dir_.path("none.toml") + "`: No such file or directory");
    EXPECT_EQ(error("include = \"x.toml\""), dir_.path("experiments/e.toml:1:11: `include` must be a list of paths"));
    EXPECT_EQ(error("include = [3]"), dir_.path("experiments/e.toml:1:12: `include` must be a list of paths"));
}

TEST_F(ConfigLayers, IncludesInACircleAreRefused) {
    dir_.write("b.toml", "include = [\"experiments/e.toml\"]");
    EXPECT_EQ(error("include = [\"../b.toml\"]"), dir_.path("b.toml:1:12: files include each other in a circle: ") +
                                                      dir_.path("experiments/e.toml -> ") + dir_.path("b.toml -> ") +
                                                      dir_.path("experiments/e.toml"));
    EXPECT_NE(error("include = [\"./e.toml\"]").find("circle"), std::string::npos);
}

TEST_F(ConfigLayers, TwoFilesMayIncludeTheSameThird) {
    dir_.write("c.toml", "platform.cores = 3");
    dir_.write("a.toml", "include = [\"c.toml\"]");
    dir_.write("b.toml", "include = [\"c.toml\"]");
    load_text("include = [\"../a.toml\", \"../b.toml\"]");
    EXPECT_EQ(machine_.cores, 3U);
}

TEST_F(ConfigLayers, OnlyTheExperimentFileHasAxesAndChoosesThePlatform) {
    dir_.write("low.toml", "[axes]\nplatform.cores = [1, 2]");
    EXPECT_EQ(error("include = [\"../low.toml\"]"),
              dir_.path("low.toml:1:1: [axes] is allowed in the experiment file only, the one given on the command line"));
    dir_.write("low.toml", "platform.model = \"x\"");
    EXPECT_EQ(error("include = [\"../low.toml\"]"),
              dir_.path("low.toml:1:10: `platform.model` is allowed in the experiment file only, or by --set"));
    dir_.write("platforms/p.toml", "[axes]\nplatform.cores = [1, 2]");
    EXPECT_EQ(error("platform.model = \"p\""), dir_.path("platforms/p.toml:1:1: [axes] is allowed in the experiment file only, "
                                                         "the one given on the command line"));
}

TEST_F(ConfigLayers, SetTakesEveryType) {
    load_text("", {"platform.cores=2", "platform.memory=2GiB", "hw.core.invlpg=5ns", "hw.core.global=false",
                   "workload.mechanism=rar", "workload.run=secretmem+trace", "workload.predicates=order:3"});
    EXPECT_EQ(machine_.cores, 2U);
    EXPECT_EQ(machine_.memory, std::uint64_t{2} << 30);
    EXPECT_EQ(machine_.invlpg, Cycles{5});
    EXPECT_FALSE(machine_.global);
    EXPECT_EQ(machine_.mechanism, "rar");
    EXPECT_EQ(machine_.run, (Texts{"secretmem", "trace"}));
    EXPECT_EQ(machine_.predicates, Texts{"order:3"});
}

TEST_F(ConfigLayers, SetEmptiesAList) {
    load_text("workload.predicates = [\"a\", \"b\"]", {"workload.predicates="});
    EXPECT_EQ(machine_.predicates, Texts{});
}

TEST_F(ConfigLayers, AMistakeAfterSetNamesTheKey) {
    EXPECT_EQ(error("", {"platform.corse=2"}),
              "--set platform.corse: unknown key `platform.corse`; did you mean `platform.cores`?");
    EXPECT_EQ(error("", {"platform.corse=2,4"}),
              "--set platform.corse: unknown key `platform.corse`; did you mean `platform.cores`?");
    EXPECT_EQ(error("", {"platform.cores=two"}),
              "--set platform.cores: `platform.cores` is \"two\": not a number, write e.g. 64");
    EXPECT_EQ(error("", {"platform.cores="}), "--set platform.cores: `platform.cores` is \"\": nothing given, write e.g. 64");
    EXPECT_EQ(error("", {"hw.core.global=yes"}), "--set hw.core.global: `hw.core.global` is \"yes\", expected true or false");
    EXPECT_EQ(error("", {"workload.run=trace+"}),
              "--set workload.run: `workload.run` is \"\", expected a list of secretmem, trace");
    EXPECT_EQ(error("", {"platform.cores"}), "--set platform.cores: expected KEY=VALUE or KEY=VALUE,VALUE,...");
    EXPECT_EQ(error("", {"=3"}), "--set =3: expected KEY=VALUE or KEY=VALUE,VALUE,...");
    EXPECT_EQ(error("", {"platform.cores=2", "platform.cores=3"}), "--set platform.cores: given twice");
}

TEST_F(ConfigLayers, AnUnreadableFileSaysWhy) {
    if (geteuid() == 0) GTEST_SKIP() << "root reads every file";
    const std::string path = dir_.write("secret.toml", "");
    std::filesystem::permissions(path, std::filesystem::perms::none);
    EXPECT_EQ(error_of([&] { load(path); }), "command line: cannot read `" + path + "`: Permission denied");
}

}  // namespace
}  // namespace splinter::platforms::testing
