// The experiment over the real RunConfig; what the layers do is tested beside a smaller aggregate.
#include "platforms/config/experiment.h"

#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

// As `splinter config check` does.
void check_file(const std::string& path) {
    const Experiment experiment = Experiment::load(path, {});
    for (const PointKey& point : experiment.points()) static_cast<void>(experiment.resolve(point));
}

class ExperimentFile : public ::testing::Test {
  protected:
    TempDir dir_;
};

TEST_F(ExperimentFile, ResolvesEachPoint) {
    const auto experiment =
        Experiment::load(dir_.write("e.toml", "[axes]\nplatform.cores = [2, 4]"), {"platform.frequency=2.5GHz"});
    ASSERT_EQ(experiment.points().size(), 2U);
    const ResolvedPoint point = experiment.resolve(experiment.points()[1]);
    EXPECT_EQ(point.key, (PointKey{{"platform.cores", "4"}}));
    EXPECT_EQ(entry_of(point.entries, "platform.cores").value, "4");
    EXPECT_EQ(entry_of(point.entries, "platform.frequency").value, "2.5GHz");

    // The configuration itself was filled, not a copy: describing it again shows the same.
    RunConfig config = point.config;
    std::uint64_t cores = 0;
    for_each_field([&](ParamVisitor& visitor) { describe(config, visitor); },
                   [&](Field& field) {
                       if (field.key == "platform.cores") cores = std::get<std::uint64_t>(field.value);
                   });
    EXPECT_EQ(cores, 4U);
}

TEST_F(ExperimentFile, WithOpenAxesIsNotASinglePoint) {
    const std::string path = dir_.write("e.toml", "[axes]\nplatform.cores = [2, 4]\nplatform.frequency = [\"2GHz\", \"3GHz\"]");
    EXPECT_EQ(error_of([&] { static_cast<void>(Experiment::load(path, {}).resolve_single()); }),
              path +
                  ": has several values for platform.cores (2,4), platform.frequency (2GHz,3GHz); choose one point, e.g. --set "
                  "platform.cores=2 --set platform.frequency=2GHz");
    const auto single = Experiment::load(path, {"platform.cores=4", "platform.frequency=3GHz"}).resolve_single();
    EXPECT_EQ(entry_of(single.entries, "platform.cores").value, "4");
}

TEST_F(ExperimentFile, WithAnAxisOfOneValueIsASinglePoint) {
    const auto experiment = Experiment::load(dir_.write("e.toml", "[axes]\nplatform.cores = [2]"), {});
    EXPECT_EQ(entry_of(experiment.resolve_single().entries, "platform.cores").value, "2");
}

TEST_F(ExperimentFile, SaysWhatItAsks) {
    const auto question = [&](const std::string& text) {
        return Experiment::load(dir_.write("e.toml", text), {}).resolve_single().question;
    };
    EXPECT_EQ(question("# The question: what is cheapest,\n#   splinter compare e.toml\n# and why?\nplatform.cores = 2\n# no"),
              "what is cheapest, and why?");
    EXPECT_EQ(question("# comment\ndescription = \"what else?\""), "what else?");
    EXPECT_EQ(question("platform.cores = 2\n# too late"), "");
    EXPECT_EQ(error_of([&] { question("description = 3"); }), dir_.path("e.toml:1:15: `description` must be a string"));
    dir_.write("low.toml", "\ndescription = \"not here\"");
    EXPECT_EQ(
        error_of([&] { question("include = [\"low.toml\"]"); }),
        dir_.path("low.toml:2:1: `description` is allowed in the experiment file only, the one given on the command line"));
}

TEST_F(ExperimentFile, CheckAcceptsEachKindOfFile) {
    dir_.write("platforms/p.toml", "platform.cores = 2");
    check_file(dir_.path("platforms/p.toml"));
    check_file(dir_.write("experiments/e.toml", "platform.model = \"p\"\n[axes]\nplatform.cores = [2, 4]"));
}

TEST_F(ExperimentFile, CheckFindsAMistakeInTheLastAxisValue) {
    const std::string path = dir_.write("e.toml", "[axes]\nplatform.cores = [2, 4, 0]");
    EXPECT_EQ(error_of([&] { check_file(path); }).find(path + ":2:25: `platform.cores` is 0"), 0U);
}

TEST_F(ExperimentFile, CheckFindsAMissingPlatform) {
    dir_.write("platforms/fast.toml", "");
    const std::string path = dir_.write("experiments/e.toml", "platform.model = \"slow\"");
    EXPECT_EQ(error_of([&] { check_file(path); }).find(path + ":1:18: unknown platform model \"slow\""), 0U);
}

}  // namespace
}  // namespace splinter::platforms::testing
