#include "platforms/workload/random_order.h"

#include <gtest/gtest.h>

#include <vector>

namespace splinter::platforms {

TEST(RandomOrder, HasEveryNumberBelowTheBoundOnce) {
    Rng rng{1, "random_order_test"};
    for (std::uint64_t bound : {1, 2, 3, 4, 5, 63, 64, 65, 1000, 49152}) {
        const RandomOrder order{bound, rng};
        std::vector<unsigned> seen(bound, 0);
        for (std::uint64_t i = 0; i < bound; ++i) {
            ASSERT_LT(order[i], bound);
            ++seen[order[i]];
        }
        EXPECT_EQ(seen, std::vector<unsigned>(bound, 1)) << bound;
    }
}

TEST(RandomOrder, IsAnotherOneForAnotherSeed) {
    Rng rng{1, "random_order_test"};
    const RandomOrder first{1000, rng};
    const RandomOrder second{1000, rng};
    std::uint64_t equal = 0;
    for (std::uint64_t i = 0; i < 1000; ++i) equal += first[i] == second[i] ? 1 : 0;
    EXPECT_LT(equal, 20U);  // 1 is expected
}

// Neighbours stay neighbours in 2 of 999 places by chance.
TEST(RandomOrder, KeepsNoNeighbours) {
    Rng rng{1, "random_order_test"};
    const RandomOrder order{1000, rng};
    std::uint64_t neighbours = 0;
    for (std::uint64_t i = 0; i + 1 < 1000; ++i)
        neighbours += order[i] + 1 == order[i + 1] || order[i + 1] + 1 == order[i] ? 1 : 0;
    EXPECT_LT(neighbours, 20U);
}

}  // namespace splinter::platforms
