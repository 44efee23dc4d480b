// Numbers for people: the limits between the notations, where rounding could add a digit.
#include <gtest/gtest.h>

#include "platforms/report/numbers.h"

namespace splinter::platforms {

TEST(Numbers, GroupsOfThreeDigitsAreCountedFromTheRight) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1000), "1,000");
    EXPECT_EQ(grouped(1234567), "1,234,567");
    EXPECT_EQ(grouped(~std::uint64_t{0}), "18,446,744,073,709,551,615");
}

TEST(Numbers, KeepThreeDigitsThatMatter) {
    EXPECT_EQ(human_number(0), "0");
    EXPECT_EQ(human_number(0.03123), "0.031");
    EXPECT_EQ(human_number(3.14159), "3.14");
    EXPECT_EQ(human_number(31.4159), "31.4");
    EXPECT_EQ(human_number(314.159), "314");
    EXPECT_EQ(human_number(31415.9), "31,416");
    EXPECT_EQ(human_number(31415926), "31.4M");
    EXPECT_EQ(human_number(-4.314), "-4.31");
}

TEST(Numbers, WholeNumbersHaveNoFraction) {
    EXPECT_EQ(human_number(2), "2");
    EXPECT_EQ(human_number(17), "17");
}

TEST(Numbers, DoNotGainADigitByRounding) {
    EXPECT_EQ(human_number(9.996), "10.0");
    EXPECT_EQ(human_number(99.96), "100");
    EXPECT_EQ(human_number(999.6), "1,000");
    EXPECT_EQ(human_number(9999999.6), "10.0M");
    EXPECT_EQ(human_number(999.6e6), "1.00G");
}

TEST(Numbers, BytesUseTheLargestBinaryUnit) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(1023), "1023 B");
    EXPECT_EQ(human_bytes(1536), "1.5 KiB");
    EXPECT_EQ(human_bytes(2097152), "2 MiB");
}

TEST(Numbers, PercentOfNothingIsZero) {
    EXPECT_EQ(percent_of(1, 3), "33.3");
    EXPECT_EQ(percent_of(0, 0), "0.0");
}

}  // namespace splinter::platforms
