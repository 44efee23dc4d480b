// One file on its own: values, metadata, types, and what is said about mistakes.
#include <fmt/format.h>

#include "platforms/config/layered_config.h"
#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

class ConfigFile : public ::testing::Test {
  protected:
    Machine machine_;
    std::vector<ConfigEntry> entries_;
    TempDir dir_;

    void load(const std::string& text) {
        const auto config = LayeredConfig::load(dir_.write("x.toml", text), {}, defaults());
        entries_ = config.resolve(config.points().front(), describer(machine_));
    }
    // The error without the directory.
    std::string error(const std::string& text) {
        const std::string what = error_of([&] { load(text); });
        EXPECT_EQ(what.find(dir_.path("x.toml:")), 0U) << what;
        return what.size() < dir_.path("").size() ? what : what.substr(dir_.path("").size());
    }
};

TEST_F(ConfigFile, AnEmptyFileLeavesTheDefaults) {
    load("");
    EXPECT_EQ(machine_.cores, 4U);
    EXPECT_EQ(machine_.invlpg, Cycles{200});
    EXPECT_EQ(entry_of(entries_, "platform.cores").origin, "default");
    EXPECT_EQ(entry_of(entries_, "hw.core.invlpg").value, "200cyc");
}

TEST_F(ConfigFile, EveryTypeIsReadAndPrintedCanonically) {
    dir_.write("p.toml", "");
    load(R"(
platform.cores = 16
platform.memory = "65536MiB"
platform.frequency = "2500MHz"
platform.model = "./p.toml"
[hw.core]
invlpg = "81ns"
global = false
[workload]
mechanism = "rar"
run = ["trace", "secretmem"]
predicates = []
)");
    EXPECT_EQ(machine_.cores, 16U);
    EXPECT_EQ(machine_.memory, std::uint64_t{64} << 30);
    EXPECT_EQ(machine_.hertz, 2'500'000'000U);
    EXPECT_EQ(machine_.invlpg, Cycles{203});
    EXPECT_FALSE(machine_.global);
    EXPECT_EQ(machine_.mechanism, "rar");
    EXPECT_EQ(machine_.run, (std::vector<std::string>{"trace", "secretmem"}));

    std::string all;
    for (const ConfigEntry& entry : entries_) all += entry.key + "=" + entry.value + "\n";
    EXPECT_EQ(all,
              "hw.core.global=false\nhw.core.invlpg=203cyc\nplatform.cores=16\nplatform.frequency=2.5GHz\n"
              "platform.memory=64GiB\nplatform.model=./p.toml\nworkload.mechanism=rar\nworkload.predicates=\n"
              "workload.run=trace+secretmem\n");
}

TEST_F(ConfigFile, AnEntryKeepsItsPlaceSourceAndConfidence) {
    load(
        "[hw.core]\ninvlpg = { value = \"250cyc\", range = [\"100cyc\", \"260cyc\"], source = \"Hansen\", confidence = \"L\", "
        "note = \"n\" }\n");
    EXPECT_EQ(machine_.invlpg, Cycles{250});
    const ConfigEntry entry = entry_of(entries_, "hw.core.invlpg");
    EXPECT_EQ(entry.origin, dir_.path("x.toml:2:20"));
    EXPECT_EQ(entry.source, "Hansen");
    EXPECT_EQ(entry.confidence, "L");
}

TEST_F(ConfigFile, AnUnknownKeySuggestsTheNearestOne) {
    EXPECT_EQ(error("[platform]\ncorse = 4"), "x.toml:2:1: unknown key `platform.corse`; did you mean `platform.cores`?");
    EXPECT_EQ(error("zzzzzzzzzzzz = 4"), "x.toml:1:1: unknown key `zzzzzzzzzzzz`");
}

TEST_F(ConfigFile, AWrongTypeIsRefused) {
    EXPECT_EQ(error("platform.cores = \"16\""),
              "x.toml:1:18: `platform.cores` is \"16\", expected a whole number from 1 to 1024");
    EXPECT_EQ(error("platform.cores = true"), "x.toml:1:18: `platform.cores` is true, expected a whole number from 1 to 1024");
    EXPECT_EQ(error("platform.cores = [1]"), "x.toml:1:18: `platform.cores` is a list, expected a whole number from 1 to 1024");
    EXPECT_EQ(error("platform.cores = 1.5"), "x.toml:1:18: `platform.cores` is 1.5: not a whole number, write e.g. 64");
    EXPECT_EQ(error("platform.cores = 1979-05-27"),
              "x.toml:1:18: `platform.cores` is a date or time, expected a whole number from 1 to 1024");
    EXPECT_EQ(error("hw.core.global = \"true\""), "x.toml:1:18: `hw.core.global` is \"true\", expected true or false");
    EXPECT_EQ(error("workload.mechanism = 3"), "x.toml:1:22: `workload.mechanism` is 3, expected one of ipi, invlpgb, rar");
    EXPECT_EQ(error("workload.run = [3]"), "x.toml:1:17: `workload.run` is 3, expected a list of secretmem, trace");
}

TEST_F(ConfigFile, ANumberOutOfItsLimitsIsRefused) {
    EXPECT_EQ(error("platform.cores = 0"), "x.toml:1:18: `platform.cores` is 0, expected a whole number from 1 to 1024");
    load("platform.cores = 1024");
    EXPECT_EQ(error("platform.cores = 1025"), "x.toml:1:18: `platform.cores` is 1025, expected a whole number from 1 to 1024");
    EXPECT_EQ(error("platform.cores = -1"), "x.toml:1:18: `platform.cores` is -1: must not be negative, write e.g. 64");
    EXPECT_EQ(error("platform.memory = \"1KiB\""),
              "x.toml:1:19: `platform.memory` is \"1KiB\", expected a size of at least 4KiB");
    EXPECT_EQ(error("hw.core.invlpg = \"10001cyc\""),
              "x.toml:1:18: `hw.core.invlpg` is \"10001cyc\", expected a duration from 1cyc to 10000cyc");
}

TEST_F(ConfigFile, AMissingUnitIsRefused) {
    EXPECT_EQ(error("hw.core.invlpg = 900"),
              "x.toml:1:18: `hw.core.invlpg` is 900: missing unit, write e.g. \"900cyc\" or \"81ns\"");
    EXPECT_EQ(error("platform.frequency = 2.5"),
              "x.toml:1:22: `platform.frequency` is 2.5: missing unit, write e.g. \"2.5GHz\"");
}

TEST_F(ConfigFile, AnUnknownNameSuggestsTheNearestOne) {
    EXPECT_EQ(error("workload.mechanism = \"invlpg\""),
              "x.toml:1:22: `workload.mechanism` is \"invlpg\", expected one of ipi, invlpgb, rar; did you mean `invlpgb`?");
    EXPECT_EQ(error("workload.run = [\"trace\", \"secretmen\"]"),
              "x.toml:1:26: `workload.run` is \"secretmen\", expected a list of secretmem, trace; did you mean `secretmem`?");
    EXPECT_EQ(error("workload.run = [\"trace\", \"trace\"]"), "x.toml:1:26: `workload.run` names \"trace\" twice");
    EXPECT_EQ(error("workload.predicates = [\"a+b\"]"),
              "x.toml:1:24: `workload.predicates` is \"a+b\", expected a list of names");
}

TEST_F(ConfigFile, AValueMustLieInItsOwnRange) {
    const auto with_range = [](const std::string& range) {
        return fmt::format("hw.core.invlpg = {{ value = \"200cyc\", range = {} }}", range);
    };
    load(with_range("[\"200cyc\", \"200ns\"]"));
    EXPECT_EQ(error(with_range("[\"201cyc\", \"260cyc\"]")),
              "x.toml:1:28: `hw.core.invlpg` is \"200cyc\", outside its own range \"201cyc\" to \"260cyc\"");
    EXPECT_EQ(error(with_range("[\"100cyc\", \"199cyc\"]")),
              "x.toml:1:28: `hw.core.invlpg` is \"200cyc\", outside its own range \"100cyc\" to \"199cyc\"");
    EXPECT_EQ(error(with_range("[\"300cyc\", \"100cyc\"]")), "x.toml:1:47: `range` of `hw.core.invlpg` begins above its end");
    EXPECT_EQ(error(with_range("[\"100cyc\", 260]")),
              "x.toml:1:57: `hw.core.invlpg` is 260: missing unit, write e.g. \"900cyc\" or \"81ns\"");
    EXPECT_EQ(error(with_range("[\"100cyc\"]")),
              "x.toml:1:46: `range` must be a list of two values, the lowest and the highest");
    EXPECT_EQ(error("hw.core.global = { value = true, range = [true, true] }"),
              "x.toml:1:43: `hw.core.global` is not a number and has no `range`");
}

TEST_F(ConfigFile, MetadataIsChecked) {
    EXPECT_EQ(error("hw.core.invlpg = { value = \"200cyc\", sources = \"x\" }"),
              "x.toml:1:38: unknown `sources` beside `value`, allowed are range, source, confidence, note");
    EXPECT_EQ(error("hw.core.invlpg = { value = \"200cyc\", confidence = \"high\" }"),
              "x.toml:1:51: `confidence` is \"high\", expected one of H, M, L, MEM, assumed");
    EXPECT_EQ(error("hw.core.invlpg = { value = \"200cyc\", source = 3 }"), "x.toml:1:47: `source` must be a string");
    EXPECT_EQ(error("hw.core.invlpg = { source = \"x\" }"),
              "x.toml:1:20: unknown key `hw.core.invlpg.source`; did you mean `hw.core.invlpg`?");
}

TEST_F(ConfigFile, ADuplicateKeyIsRefusedInEachSpelling) {
    EXPECT_NE(error("platform.cores = 1\nplatform.cores = 2").find("x.toml:2:"), std::string::npos);
    EXPECT_NE(error("platform.cores = 1\n\"platform.cores\" = 2").find("duplicate key `platform.cores`, also given at"),
              std::string::npos);
}

TEST_F(ConfigFile, ASyntaxErrorIsOneLineWithItsPlace) {
    const std::string what = error("a = 1\nb = [1,\n");
    EXPECT_EQ(what.find("x.toml:2:"), 0U) << what;
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    EXPECT_EQ(error("hw.core.global = t\n"), "x.toml:1:19: Error while parsing boolean: expected 'true', saw 't\\n'");
    EXPECT_EQ(error("\"a\\nb\" = 1"), "x.toml:1:1: unknown key `a\\nb`");
}

TEST_F(ConfigFile, AHiddenMistakeInALowerLayerIsStillReported) {
    dir_.write("low.toml", "platform.cores = 0");
    const std::string what = error_of([&] { load("include = [\"low.toml\"]\nplatform.cores = 4"); });
    EXPECT_EQ(what, dir_.path("low.toml:1:18: `platform.cores` is 0, expected a whole number from 1 to 1024"));
}

TEST(ConfigFilePath, WhatIsNoTextFileIsOneClearLine) {
    const TempDir dir;
    const auto load = [](const std::string& path) { return error_of([&] { LayeredConfig::load(path, {}, defaults()); }); };
    EXPECT_EQ(load(dir.path("none.toml")),
              "command line: cannot read `" + dir.path("none.toml") + "`: No such file or directory");
    EXPECT_EQ(load(dir.path("")), dir.path(": is a directory, expected a TOML file"));
    const std::string binary = dir.write("binary", std::string("\x7f"
                                                               "ELF\0\0",
                                                               6));
    EXPECT_EQ(load(binary), binary + ": is a binary file, expected a TOML file");
    EXPECT_EQ(load("/dev/zero"), "/dev/zero: is a binary file, expected a TOML file");
    const std::string large = dir.write("large", std::string((std::size_t{16} << 20) + 1, '\n'));
    EXPECT_EQ(load(large), large + ": is larger than 16 MiB, expected a TOML file");
}

}  // namespace
}  // namespace splinter::platforms::testing
