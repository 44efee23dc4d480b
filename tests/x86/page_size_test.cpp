#include "hw/x86/page_size.h"

#include <gtest/gtest.h>

namespace splinter::x86 {
namespace {

TEST(PageSize, LevelsCoverTheManualsSizes) {
    EXPECT_EQ(kPte.bytes(), std::uint64_t{1} << 12);
    EXPECT_EQ(kPde.bytes(), std::uint64_t{1} << 21);
    EXPECT_EQ(kPdpte.bytes(), std::uint64_t{1} << 30);
    EXPECT_EQ(kPml4e.bytes(), std::uint64_t{1} << 39);
}

TEST(PageSize, ALevelCountsItsPages) {
    EXPECT_EQ(kPte.pages(), PageCount{1});
    EXPECT_EQ(kPde.pages(), PageCount{512});
    EXPECT_EQ(kPdpte.pages(), PageCount{512 * 512});
}

// SDM Vol. 3A figure 4-8: nine bits of the address per level.
TEST(PageSize, IndicesAreNineBitsOfTheAddressEach) {
    const VirtAddr va{std::uint64_t{0x101} << 39 | std::uint64_t{0x102} << 30 | std::uint64_t{0x103} << 21 | 0x104 << 12 |
                      0xabc};
    EXPECT_EQ(kPml4e.index(va), 0x101U);
    EXPECT_EQ(kPdpte.index(va), 0x102U);
    EXPECT_EQ(kPde.index(va), 0x103U);
    EXPECT_EQ(kPte.index(va), 0x104U);
}

TEST(PageSize, AKernelAddressHasItsIndexInTheUpperHalf) {
    EXPECT_EQ(kPml4e.index(VirtAddr{0xffff888000000000U}), 273U);  // Linux's direct map, Documentation/arch/x86/x86_64/mm.rst
}

TEST(PageSize, LeafLevelAndLeafSizeAreInverse) {
    for (PageSize size : kPageSizes) EXPECT_EQ(leaf_size(leaf_level(size)), size);
    EXPECT_EQ(leaf_level(PageSize::k4), kPte);
    EXPECT_EQ(leaf_level(PageSize::g1), kPdpte);
}

}  // namespace
}  // namespace splinter::x86
