// Results are found by what they depend on, and by nothing else.
#include "platforms/results/result_store.h"

#include "platforms/report/atomic_file.h"
#include "platforms/results/cost_estimate.h"
#include "platforms/results/host_costs.h"
#include "platforms/results/point_hash.h"
#include "platforms/run/run_result_json.h"
#include "tests/platforms/config_test_machine.h"
#include "tests/platforms/report_samples.h"

namespace splinter::platforms::testing {
namespace {

ResolvedPoint point_with(const std::vector<std::string>& sets) {
    const Experiment experiment = Experiment::load("", sets);
    return experiment.resolve(experiment.points().back());
}

std::string hash_with(const std::vector<std::string>& sets) { return PointHasher{"1.0"}.hash(point_with(sets)); }

TEST(PointHash, FollowsValuesProgramAndSchema) {
    EXPECT_EQ(hash_with({"platform.cores=4"}), hash_with({"platform.cores=4"}));
    EXPECT_NE(hash_with({"platform.cores=4"}), hash_with({"platform.cores=5"}));
    EXPECT_NE(hash_with({}), PointHasher{"1.1"}.hash(point_with({})));
    EXPECT_EQ(hash_with({}).find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(hash_with({}).size(), 16U);
}

TEST(PointHash, DoesNotFollowOriginsAndWhatIsShown) {
    EXPECT_EQ(hash_with({"platform.cores=4"}), hash_with({"platform.cores=2,4"}));
    EXPECT_EQ(hash_with({}), hash_with({"platform.seed=1"}));  // the default, written out
    EXPECT_EQ(hash_with({}), hash_with({"report.columns=splits"}));
}

TEST(PointHash, FollowsTheContentsOfATrace) {
    const TempDir dir;
    const std::string trace = dir.write("trace/trace.csv", "a");
    dir.write("trace/snap0.json", "b");
    const std::vector<std::string> sets{"workload.run=trace", "workload.trace.directory=" + dir.path("trace")};
    const std::string before = hash_with(sets);
    EXPECT_EQ(hash_with(sets), before);
    dir.write("trace/trace.csv", "c");
    EXPECT_NE(hash_with(sets), before);
    dir.write("trace/trace.csv", "a");
    EXPECT_EQ(hash_with(sets), before);
    dir.write("trace/snap1.json", "");
    EXPECT_NE(hash_with(sets), before);
}

class Store : public ::testing::Test {
  protected:
    TempDir dir_;
    ResolvedPoint point_ = point_with({"platform.cores=2,4"});
    std::string hash_ = PointHasher{"1.0"}.hash(point_);
    std::string name_ = result_file_name("cores=4", hash_);
    SweepIndex index_{"1.0", "", {{point_.key, name_}}};

    RunResult result() const {
        RunResult result = samples::full_result();
        result.config = point_.entries;
        result.point = point_.key;
        result.question = point_.question;
        return result;
    }
    std::optional<RunResult> found() const { return ResultStore{dir_.path(""), index_}.find(point_, dir_.path(name_)); }
};

TEST_F(Store, FindsWhatIsThere) {
    EXPECT_FALSE(found());
    dir_.write(name_, to_json(result()));
    ASSERT_TRUE(found());
    EXPECT_EQ(to_json(*found()), to_json(result()));
}

TEST_F(Store, FindsAResultUnderTheNameThatOtherAxesGaveIt) {
    dir_.write(result_file_name("cores=4,seed=1", hash_), to_json(result()));
    EXPECT_TRUE(found());
    EXPECT_FALSE(std::filesystem::exists(dir_.path(result_file_name("cores=4,seed=1", hash_))));
}

TEST_F(Store, BringsUpToDateWhatIsNotOfTheResult) {
    RunResult old = result();
    old.question = "before";
    old.point = {};
    old.config.front().origin = "old.toml:1:1";
    dir_.write(name_, to_json(old));
    ASSERT_TRUE(found());
    EXPECT_EQ(read_file(dir_.path(name_)), to_json(result()));
}

TEST_F(Store, DoesNotTakeWhatIsDamagedOrOfOtherValues) {
    dir_.write(name_, to_json(result()).substr(0, 1000));
    EXPECT_FALSE(found());
    RunResult other = result();
    for (ConfigEntry& entry : other.config)
        if (entry.key == "platform.cores") entry.value = "8";
    dir_.write(name_, to_json(other));
    EXPECT_FALSE(found());
    EXPECT_TRUE(std::filesystem::exists(dir_.path(name_)));
}

TEST_F(Store, RemovesTemporaryFilesOfSweepsOnly) {
    dir_.write("." + name_ + ".Ab12Cd", "half");
    dir_.write(".sweep.csv.Ab12Cd", "half");
    dir_.write(".notes.txt.Ab12Cd", "the user's");
    dir_.write(".hidden.json", "the user's");
    EXPECT_FALSE(found());
    EXPECT_FALSE(std::filesystem::exists(dir_.path("." + name_ + ".Ab12Cd")));
    EXPECT_FALSE(std::filesystem::exists(dir_.path(".sweep.csv.Ab12Cd")));
    EXPECT_TRUE(std::filesystem::exists(dir_.path(".notes.txt.Ab12Cd")));
    EXPECT_TRUE(std::filesystem::exists(dir_.path(".hidden.json")));
}

TEST_F(Store, LeavesTemporaryFilesAloneWhileAnotherSweepUsesTheFolder) {
    const FolderLock other{dir_.path("")};
    dir_.write("." + name_ + ".Ab12Cd", "half");
    EXPECT_FALSE(found());
    EXPECT_TRUE(std::filesystem::exists(dir_.path("." + name_ + ".Ab12Cd")));
}

TEST_F(Store, KeepsAFailureUntilThePointSucceeds) {
    const ResultStore store{dir_.path(""), index_};
    EXPECT_FALSE(has_failed(dir_.path(name_)));
    store.keep_failure(dir_.path(name_), "deadlock\n");
    EXPECT_TRUE(has_failed(dir_.path(name_)));
    dir_.write(name_, to_json(result()));
    EXPECT_TRUE(store.find(point_, dir_.path(name_)));
    EXPECT_FALSE(has_failed(dir_.path(name_)));
}

TEST(HostCosts, AreReadBackWithoutLinesThatWereCut) {
    const TempDir dir;
    EXPECT_TRUE(read_host_costs(dir.path("")).empty());
    append_host_cost(dir.path(""), "aa", {1.5, 1000});
    dir.write("host-costs.jsonl", read_file(dir.path("host-costs.jsonl")) + "\n{\"config\": \"b");
    append_host_cost(dir.path(""), "cc", {2.5, 2000});
    append_host_cost(dir.path(""), "aa", {3.5, 3000});
    const auto costs = read_host_costs(dir.path(""));
    ASSERT_EQ(costs.size(), 2U);
    EXPECT_EQ(costs.at("aa").seconds, 3.5);
    EXPECT_EQ(costs.at("cc").bytes, 2000U);
}

class CostEstimate : public ::testing::Test {
  protected:
    static ResolvedPoint point(const std::string& cores, const std::string& strategy, const std::string& run = "secretmem") {
        ResolvedPoint point = point_with({"platform.cores=" + cores, "flush.strategy=" + strategy, "workload.run=" + run});
        point.key = {{"platform.cores", cores}, {"flush.strategy", strategy}};
        return point;
    }
};

TEST_F(CostEstimate, IsTheModelsAsLongAsNothingIsMeasured) {
    const ResolvedPoint few = point("2", "per-page");
    const ResolvedPoint many = point("64", "per-page");
    const auto estimates = estimate_costs({&few, &many}, {});
    EXPECT_EQ(estimates[0].basis, EstimateBasis::model);
    EXPECT_GT(*estimates[1].seconds, *estimates[0].seconds);
    EXPECT_GT(estimates[1].bytes, estimates[0].bytes);
}

TEST_F(CostEstimate, KnowsNoTimeOfALoadThatWasNeverMeasured) {
    const ResolvedPoint other = point("2", "none", "vmalloc");
    const auto estimates = estimate_costs({&other}, {});
    EXPECT_EQ(estimates[0].basis, EstimateBasis::none);
    EXPECT_FALSE(estimates[0].seconds);
    EXPECT_GT(estimates[0].bytes, 0U);
}

TEST_F(CostEstimate, IsWhatWasMeasuredAndScalesTheNearestPointByTheModel) {
    const ResolvedPoint far = point("2", "none");
    const ResolvedPoint near = point("32", "per-page");
    const ResolvedPoint wanted = point("64", "per-page");
    const auto model = estimate_costs({&near, &wanted}, {});
    const auto estimates =
        estimate_costs({&far, &near, &wanted}, {{config_hash(far), {100, 5000}}, {config_hash(near), {20, 7000}}});
    EXPECT_EQ(estimates[0].basis, EstimateBasis::measured);
    EXPECT_EQ(*estimates[0].seconds, 100);
    EXPECT_EQ(estimates[1].bytes, 7000U);
    EXPECT_EQ(estimates[2].basis, EstimateBasis::neighbour);
    EXPECT_DOUBLE_EQ(*estimates[2].seconds, 20 * (*model[1].seconds / *model[0].seconds));
}

TEST_F(CostEstimate, ScalesByCoresWhatTheModelDoesNotKnow) {
    const ResolvedPoint known = point("2", "none", "vmalloc");
    const ResolvedPoint wanted = point("8", "none", "vmalloc");
    const auto estimates = estimate_costs({&known, &wanted}, {{config_hash(known), {3, 5000}}});
    EXPECT_EQ(estimates[1].basis, EstimateBasis::neighbour);
    EXPECT_DOUBLE_EQ(*estimates[1].seconds, 12);
}

}  // namespace
}  // namespace splinter::platforms::testing
