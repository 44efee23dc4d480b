#include "hw/base/cpu_mask.h"

#include <gtest/gtest.h>

namespace splinter {
namespace {

CpuMask mask_of(std::initializer_list<std::uint32_t> cpus) {
    CpuMask mask;
    for (std::uint32_t cpu : cpus) mask.set(CpuId{cpu});
    return mask;
}

std::vector<std::uint32_t> cpus_of(const CpuMask& mask) {
    std::vector<std::uint32_t> cpus;
    mask.for_each([&](CpuId cpu) { cpus.push_back(cpu.raw()); });
    return cpus;
}

TEST(CpuMask, IsEmptyAtFirst) {
    EXPECT_TRUE(CpuMask{}.empty());
    EXPECT_FALSE(CpuMask{}.test(CpuId{0U}));
    EXPECT_FALSE(CpuMask{}.test(CpuId{1000U}));
}

TEST(CpuMask, IteratesInIncreasingOrderAcrossWords) {
    EXPECT_EQ(cpus_of(mask_of({200, 64, 0, 63, 127})), (std::vector<std::uint32_t>{0, 63, 64, 127, 200}));
}

TEST(CpuMask, CountsEachCpuOnce) { EXPECT_EQ(mask_of({5, 5, 70}).count(), 2U); }

TEST(CpuMask, FirstHoldsExactlyTheCpusBelowTheCount) {
    const CpuMask mask = CpuMask::first(65);
    EXPECT_EQ(mask.count(), 65U);
    EXPECT_TRUE(mask.test(CpuId{64U}));
    EXPECT_FALSE(mask.test(CpuId{65U}));
}

TEST(CpuMask, ClearTakesOneCpuOut) {
    CpuMask mask = mask_of({1, 2, 66});
    mask.clear(CpuId{2U});
    EXPECT_EQ(cpus_of(mask), (std::vector<std::uint32_t>{1, 66}));
}

TEST(CpuMask, ClearBeyondTheLastWordDoesNothing) {
    CpuMask mask = mask_of({1});
    mask.clear(CpuId{500U});
    EXPECT_EQ(cpus_of(mask), (std::vector<std::uint32_t>{1}));
}

TEST(CpuMask, IsEmptyAgainAfterTheLastClear) {
    CpuMask mask = mask_of({130});
    mask.clear(CpuId{130U});
    EXPECT_TRUE(mask.empty());
}

}  // namespace
}  // namespace splinter
