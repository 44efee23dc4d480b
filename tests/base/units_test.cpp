#include "hw/base/units.h"

#include <string>

#include <gtest/gtest.h>

namespace splinter {
namespace {

constexpr std::uint64_t kTwoPointFiveGigahertz = 2'500'000'000;
constexpr std::uint64_t kMax = ~std::uint64_t{0};

// The error's text, or "" and a failure if the text was accepted.
template <class T>
std::string error_of(const UnitResult<T>& result) {
    if (const auto* error = std::get_if<UnitError>(&result)) return error->text;
    ADD_FAILURE() << "accepted";
    return "";
}

template <class T>
T value_of(const UnitResult<T>& result) {
    if (const auto* error = std::get_if<UnitError>(&result)) {
        ADD_FAILURE() << error->text;
        return T{};
    }
    return std::get<T>(result);
}

TEST(Units, SizesAreReadInBinaryUnits) {
    EXPECT_EQ(value_of(parse_bytes("0B")), 0U);
    EXPECT_EQ(value_of(parse_bytes("7B")), 7U);
    EXPECT_EQ(value_of(parse_bytes("4KiB")), 4096U);
    EXPECT_EQ(value_of(parse_bytes("2MiB")), std::uint64_t{2} << 20);
    EXPECT_EQ(value_of(parse_bytes("64GiB")), std::uint64_t{64} << 30);
    EXPECT_EQ(value_of(parse_bytes("6TiB")), std::uint64_t{6} << 40);
    EXPECT_EQ(value_of(parse_bytes("1.5GiB")), std::uint64_t{1536} << 20);
}

TEST(Units, FrequenciesAreReadExactly) {
    EXPECT_EQ(value_of(parse_frequency("2.5GHz")), kTwoPointFiveGigahertz);
    EXPECT_EQ(value_of(parse_frequency("2600MHz")), 2'600'000'000U);
    EXPECT_EQ(value_of(parse_frequency("2.333333333GHz")), 2'333'333'333U);
    EXPECT_EQ(value_of(parse_frequency("100kHz")), 100'000U);
    EXPECT_EQ(value_of(parse_frequency("1Hz")), 1U);
}

TEST(Units, NanosecondsAreRoundedToTheNearestCycle) {
    EXPECT_EQ(value_of(parse_cycles("900cyc", 0)), Cycles{900});
    EXPECT_EQ(value_of(parse_cycles("81ns", 1'000'000'000)), Cycles{81});
    EXPECT_EQ(value_of(parse_cycles("81ns", kTwoPointFiveGigahertz)), Cycles{203});    // 202.5
    EXPECT_EQ(value_of(parse_cycles("80.9ns", kTwoPointFiveGigahertz)), Cycles{202});  // 202.25
    EXPECT_EQ(value_of(parse_cycles("0.1ns", kTwoPointFiveGigahertz)), Cycles{0});
    EXPECT_EQ(value_of(parse_cycles("0.2ns", kTwoPointFiveGigahertz)), Cycles{1});
}

TEST(Units, NanosecondsNeedAFrequency) {
    EXPECT_EQ(error_of(parse_cycles("81ns", 0)), "no frequency is known that converts ns to cycles");
}

TEST(Units, ABareNumberNeedsAUnit) {
    EXPECT_EQ(error_of(parse_cycles("900", kTwoPointFiveGigahertz)), "missing unit, write e.g. \"900cyc\" or \"81ns\"");
    EXPECT_EQ(error_of(parse_bytes("64")), "missing unit, write e.g. \"64GiB\"");
    EXPECT_EQ(error_of(parse_frequency("2.5")), "missing unit, write e.g. \"2.5GHz\"");
}

TEST(Units, AnUnknownUnitNamesTheKnownOnes) {
    EXPECT_EQ(error_of(parse_bytes("64GB")), "unknown unit \"GB\" (known: B, KiB, MiB, GiB, TiB), write e.g. \"64GiB\"");
    EXPECT_EQ(error_of(parse_cycles("3us", 1)), "unknown unit \"us\" (known: cyc, ns), write e.g. \"900cyc\" or \"81ns\"");
    for (const char* text : {"64gib", "64 GiB", "64GiB ", "1e3B", "1.2.3GiB", "64GiBB", "0x10B", "1_000B"}) {
        EXPECT_NE(error_of(parse_bytes(text)).find("unknown unit"), std::string::npos) << text;
    }
}

TEST(Units, WhatDoesNotFitIsAnErrorAndNeverZero) {
    EXPECT_EQ(value_of(parse_bytes("18446744073709551615B")), kMax);
    EXPECT_EQ(error_of(parse_bytes("18446744073709551616B")), "too large for 64 bits");
    EXPECT_EQ(value_of(parse_bytes("16777215TiB")), std::uint64_t{16777215} << 40);
    EXPECT_EQ(error_of(parse_bytes("16777216TiB")), "too large for 64 bits");  // 2^64: 0 if the product wrapped
    EXPECT_EQ(error_of(parse_frequency("18446744074GHz")), "too large for 64 bits");
    EXPECT_EQ(value_of(parse_cycles("18446744073709551615cyc", 0)), Cycles{kMax});
    EXPECT_EQ(error_of(parse_cycles("18446744073709551616cyc", 0)), "too large for 64 bits");
    EXPECT_EQ(error_of(parse_cycles("18446744073709551615ns", kTwoPointFiveGigahertz)), "too large for 64 bits");
    EXPECT_EQ(error_of(parse_cycles("18446744073709551615ns", kMax)), "too large for 64 bits");
    EXPECT_EQ(error_of(parse_count("18446744073709551616")), "too large for 64 bits");
    EXPECT_EQ(error_of(parse_count(std::string(1000, '9'))), "too large for 64 bits");
}

TEST(Units, NegativeNumbersAndGarbageAreErrors) {
    EXPECT_EQ(error_of(parse_bytes("-1GiB")), "must not be negative, write e.g. \"64GiB\"");
    EXPECT_EQ(error_of(parse_bytes("")), "nothing given, write e.g. \"64GiB\"");
    for (const char* text : {"GiB", "+1GiB", ".5GiB", "1.GiB", " 1GiB", "abc"}) {
        EXPECT_EQ(error_of(parse_bytes(text)), "not a number, write e.g. \"64GiB\"") << text;
    }
}

TEST(Units, AFractionMustBeExactExceptForNanoseconds) {
    EXPECT_EQ(error_of(parse_bytes("1.5B")), "not a whole number of bytes");
    EXPECT_EQ(error_of(parse_frequency("0.5Hz")), "not a whole number of hertz");
    EXPECT_EQ(error_of(parse_cycles("2.5cyc", 1)), "not a whole number of cycles");
    EXPECT_EQ(error_of(parse_cycles("2.0000000001ns", 1)), "more than 9 decimal places");
}

TEST(Units, ACountIsAPlainWholeNumber) {
    EXPECT_EQ(value_of(parse_count("0")), 0U);
    EXPECT_EQ(value_of(parse_count("18446744073709551615")), kMax);
    EXPECT_EQ(error_of(parse_count("-3")), "must not be negative, write e.g. 64");
    EXPECT_EQ(error_of(parse_count("6.5")), "not a whole number, write e.g. 64");
    EXPECT_EQ(error_of(parse_count("64k")), "\"k\" after the number, write e.g. 64");
    EXPECT_EQ(error_of(parse_count("many")), "not a number, write e.g. 64");
}

TEST(Units, SizesArePrintedInTheLargestExactUnit) {
    EXPECT_EQ(format_bytes(0), "0B");
    EXPECT_EQ(format_bytes(1023), "1023B");
    EXPECT_EQ(format_bytes(1024), "1KiB");
    EXPECT_EQ(format_bytes(std::uint64_t{1536} << 20), "1536MiB");
    EXPECT_EQ(format_bytes(std::uint64_t{64} << 30), "64GiB");
    EXPECT_EQ(format_bytes(std::uint64_t{1} << 50), "1024TiB");
}

TEST(Units, FrequenciesArePrintedWithoutTrailingZeros) {
    EXPECT_EQ(format_frequency(0), "0Hz");
    EXPECT_EQ(format_frequency(999), "999Hz");
    EXPECT_EQ(format_frequency(2'600'000'000), "2.6GHz");
    EXPECT_EQ(format_frequency(2'050'000'000), "2.05GHz");
    EXPECT_EQ(format_frequency(3'000'000'000), "3GHz");
    EXPECT_EQ(format_frequency(800'000'000), "800MHz");
}

TEST(Units, PrintingAndParsingAreInverse) {
    for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'000'000'001}, std::uint64_t{3} << 41,
                                  std::uint64_t{2'333'333'333}, kMax}) {
        EXPECT_EQ(value_of(parse_bytes(format_bytes(n))), n);
        EXPECT_EQ(value_of(parse_cycles(format_cycles(Cycles{n}), 0)), Cycles{n});
    }
    for (const std::uint64_t hertz : {std::uint64_t{0}, std::uint64_t{1'001}, std::uint64_t{2'333'333'333}}) {
        EXPECT_EQ(value_of(parse_frequency(format_frequency(hertz))), hertz);
    }
}

}  // namespace
}  // namespace splinter
