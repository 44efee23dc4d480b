// Results do not depend on how far cores run ahead of each other: every quantum up to the lookahead L shows the same times,
// ledgers, counters, TLB contents and page tables. Breaking a rule of hw/core/conductor.h or hw/mem/recent_stores.h shows here.
#include <gtest/gtest.h>

#include "tests/hw/random_programs.h"

namespace splinter::hw {
namespace {

MachineParams machine_of(std::uint64_t cores, std::uint64_t quantum) {
    MachineParams params;
    params.cores = cores;
    params.cores_per_socket = 3;
    params.cluster_cores = 2;
    params.quantum = quantum;
    return params;
}

std::string result(std::uint64_t cores, std::uint64_t quantum, std::uint32_t passive, std::uint64_t seed) {
    RandomPrograms programs{machine_of(cores, quantum), {.seed = seed, .steps = 150, .passive_cores = passive}};
    return programs.run();
}

void expect_equal_for_all_quanta(std::uint64_t cores, std::uint32_t passive) {
    const std::uint64_t lookahead = MachineParams{}.lookahead().raw();
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const std::string reference = result(cores, 1, passive, seed);
        for (std::uint64_t quantum : {std::uint64_t{7}, std::uint64_t{100}, lookahead / 2, lookahead})
            ASSERT_EQ(result(cores, quantum, passive, seed), reference) << "quantum " << quantum << ", seed " << seed;
    }
}

TEST(Quantum, DoesNotChangeFourContendingCores) { expect_equal_for_all_quanta(4, 0); }

TEST(Quantum, DoesNotChangeSixContendingCores) { expect_equal_for_all_quanta(6, 0); }

TEST(Quantum, DoesNotChangeCoresBesidePassiveOnes) { expect_equal_for_all_quanta(6, 2); }

}  // namespace
}  // namespace splinter::hw
