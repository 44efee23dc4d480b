// Student's intervals against tables and worked examples.
#include <cmath>

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "platforms/statistics/interval.h"

namespace splinter::platforms {

TEST(Interval, IsUnknownForOneValue) {
    const MeanEstimate one = estimate({42});
    EXPECT_EQ(one.count, 1U);
    EXPECT_EQ(one.mean, 42);
    EXPECT_FALSE(one.half_width);
}

TEST(Interval, UsesTheTwoSided95PercentQuantileOfStudentsT) {
    // Tables: t(0.975) is 12.706 with 1 degree of freedom, 4.303 with 2, 2.776 with 4.
    EXPECT_NEAR(*estimate({1, 3}).half_width, 12.706, 0.001);  // s = sqrt 2, by sqrt 2
    EXPECT_NEAR(*estimate({1, 2, 3}).half_width, 4.303 / std::sqrt(3), 0.001);
    EXPECT_NEAR(*estimate({1, 2, 3, 4, 5}).half_width, 2.776 * std::sqrt(2.5 / 5), 0.001);
    EXPECT_EQ(estimate({1, 2, 3}).mean, 2);
}

TEST(Interval, HasNoWidthWhereAllValuesAreEqual) {
    const MeanEstimate equal = estimate({0.1, 0.1, 0.1});
    EXPECT_EQ(*equal.half_width, 0);
}

TEST(Interval, OfPairedRatiosLeavesOutWhatTheSeedsDoToBoth) {
    const std::vector<double> a{100, 200, 400};
    const std::vector<double> b{110, 220, 440};
    const auto paired = paired_ratio(a, b);
    ASSERT_TRUE(paired && paired->bounds);
    EXPECT_NEAR(paired->value, 1.1, 1e-12);
    EXPECT_NEAR(paired->bounds->low, 1.1, 1e-12);
    EXPECT_NEAR(paired->bounds->high, 1.1, 1e-12);
    const auto unpaired = ratio(a, b);
    ASSERT_TRUE(unpaired && unpaired->bounds);
    EXPECT_NEAR(unpaired->value, 1.1, 1e-12);
    EXPECT_LT(unpaired->bounds->low, 1);
    EXPECT_GT(unpaired->bounds->high, 1.2);
}

TEST(Interval, OfARatioIsThatOfTheLogarithms) {
    // Logarithms of the ratios: 0, 0.2, 0.4; mean 0.2, half width 4.303 * 0.2 / sqrt 3.
    const auto found = paired_ratio({1, 1, 1}, {1, std::exp(0.2), std::exp(0.4)});
    const double half = 4.302653 * 0.2 / std::sqrt(3);
    ASSERT_TRUE(found && found->bounds);
    EXPECT_NEAR(found->value, std::exp(0.2), 1e-9);
    EXPECT_NEAR(found->bounds->low, std::exp(0.2 - half), 1e-6);
    EXPECT_NEAR(found->bounds->high, std::exp(0.2 + half), 1e-6);
}

TEST(Interval, OfADifferenceIsWelchs) {
    // Variances of the means 1/3 and 4/3: standard error 1.29099, degrees of freedom (5/3)^2 / (1/18 + 16/18) = 2.9412.
    const MeanEstimate found = difference({1, 2, 3}, {2, 4, 6});
    EXPECT_EQ(found.mean, 2);
    EXPECT_NEAR(*found.half_width, 1.29099 * 3.2186, 0.005);
    const MeanEstimate paired = paired_difference({1, 2, 3}, {2, 4, 6});
    EXPECT_NEAR(*paired.half_width, 4.303 / std::sqrt(3), 0.001);
}

TEST(Interval, OfARatioIsUnknownWithoutReplicasAndTheRatioExact) {
    const auto found = ratio({3}, {6});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, 2);
    EXPECT_FALSE(found->bounds);
    EXPECT_FALSE(ratio({3}, {5, 7})->bounds);
    EXPECT_FALSE(difference({3}, {5, 7}).half_width);
}

TEST(Interval, HasNoRatioOfWhatIsNotPositive) {
    EXPECT_FALSE(ratio({0}, {1}));
    EXPECT_FALSE(paired_ratio({1, 2}, {1, -1}));
    EXPECT_FALSE(ratio({1, -2}, {1, 1, 1}));
}

TEST(Interval, RefusesNothingAndUnequalPairs) {
    EXPECT_THROW((void)estimate({}), InternalError);
    EXPECT_THROW((void)paired_difference({1}, {1, 2}), InternalError);
}

}  // namespace splinter::platforms
