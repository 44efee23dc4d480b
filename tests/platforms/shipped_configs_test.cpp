// The files below configs/ as they are shipped: every cost has its citation, and the parameter reference is fresh.
#include "platforms/config/experiment.h"
#include "platforms/config/reference.h"
#include "platforms/config/sources.h"
#include "tests/platforms/config_test_machine.h"

namespace splinter::platforms::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kConfigs = fs::path{SPLINTER_SOURCE_DIR} / "configs";

std::vector<std::string> all_values_without_source(const std::string& folder) {
    std::vector<std::string> missing;
    for (const fs::directory_entry& file : fs::directory_iterator{kConfigs / folder}) {
        if (file.path().extension() != ".toml") continue;
        const std::vector<std::string> of_file = values_without_source(file.path().string());
        missing.insert(missing.end(), of_file.begin(), of_file.end());
    }
    return missing;
}

TEST(ShippedConfigs, HaveASourceAndAConfidenceForEveryCost) {
    EXPECT_EQ(all_values_without_source("costs"), std::vector<std::string>{});
}

TEST(ShippedConfigs, HaveASourceAndAConfidenceForEveryLatencyOfAPlatform) {
    EXPECT_EQ(all_values_without_source("platforms"), std::vector<std::string>{});
}

TEST(ShippedConfigs, HaveTheCostsThatTheProgramHasWithoutThem) {
    const ResolvedPoint built_in = Experiment::load("", {}).resolve_single();
    const ResolvedPoint shipped = Experiment::load((kConfigs / "costs/linux-6.12.toml").string(), {}).resolve_single();
    for (std::size_t i = 0; i < built_in.entries.size(); ++i)
        EXPECT_EQ(built_in.entries[i].value, shipped.entries[i].value) << built_in.entries[i].key;
}

// What stands between the two marker lines of configs/README.md.
std::string reference_in_readme() {
    std::ifstream file{kConfigs / "README.md"};
    std::string reference, line;
    while (std::getline(file, line) && line != "<!-- begin reference -->") {
    }
    while (std::getline(file, line) && line != "<!-- end reference -->") reference += line + "\n";
    return reference;
}

TEST(ShippedConfigs, HaveAReadmeWithTheParametersOfThisProgram) {
    EXPECT_EQ(reference_in_readme(), parameter_reference(RunConfig{}))
        << "configs/README.md, \"Reference\", says how to refresh it";
}

}  // namespace
}  // namespace splinter::platforms::testing
