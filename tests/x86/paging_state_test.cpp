#include "hw/x86/paging_state.h"

#include <gtest/gtest.h>

#include "hw/x86/canonical.h"

namespace splinter::x86 {
namespace {

PagingState from_cr4(std::uint64_t bit) {
    RawRegisters raw;
    raw.cr4 = bits::kCr4Pae | bit;
    return PagingState::from_registers(raw);
}

TEST(PagingState, DefaultsAreThoseOfTheDefaultRegisters) {
    EXPECT_EQ(PagingState::from_registers(RawRegisters{}), PagingState{});
    EXPECT_TRUE(RawRegisters{}.long_mode_paging());
}

TEST(PagingState, EachCr4BitSetsItsOwnFlagOnly) {
    const PagingState none = from_cr4(0);
    const struct {
        std::uint64_t bit;
        bool PagingState::*flag;
    } cases[] = {{1U << 4, &PagingState::pse},    {1U << 7, &PagingState::pge},   {1U << 12, &PagingState::la57},
                 {1U << 17, &PagingState::pcide}, {1U << 20, &PagingState::smep}, {1U << 21, &PagingState::smap},
                 {1U << 22, &PagingState::pke},   {1U << 24, &PagingState::pks}};
    for (const auto& [bit, flag] : cases) {
        PagingState expected = none;
        EXPECT_FALSE(none.*flag) << bit;
        expected.*flag = true;
        EXPECT_EQ(from_cr4(bit), expected) << bit;
    }
}

TEST(PagingState, ReadsWpNxeAcAndTheKeyRegisters) {
    RawRegisters raw;
    raw.cr0 &= ~(1U << 16);
    raw.efer &= ~(1U << 11);
    raw.rflags = 1U << 18;
    raw.pkru = 4;
    raw.pkrs = 8;
    raw.maxphyaddr = 52;
    PagingState expected;
    expected.wp = expected.nxe = false;
    expected.ac = true;
    expected.pkru = KeyRights{4};
    expected.pkrs = KeyRights{8};
    expected.maxphyaddr = 52;
    EXPECT_EQ(PagingState::from_registers(raw), expected);
}

TEST(PagingState, EveryEnablingBitIsNeededForLongModePaging) {
    for (const std::uint64_t bit : {1U << 0, 1U << 31}) {
        RawRegisters raw;
        raw.cr0 &= ~bit;
        EXPECT_FALSE(raw.long_mode_paging()) << bit;
    }
    for (const std::uint64_t bit : {1U << 8, 1U << 10}) {
        RawRegisters raw;
        raw.efer &= ~bit;
        EXPECT_FALSE(raw.long_mode_paging()) << bit;
    }
    RawRegisters raw;
    raw.cr4 &= ~std::uint64_t{1U << 5};
    EXPECT_FALSE(raw.long_mode_paging());
}

TEST(PagingState, BitsBeyondMaxphyaddrEndAtBit51) {
    PagingState state;
    state.maxphyaddr = 40;
    EXPECT_EQ(state.beyond_physical(), 0x000fff0000000000U);
    state.maxphyaddr = 52;
    EXPECT_EQ(state.beyond_physical(), 0U);
}

TEST(Canonical, FourLevelsExtendBit47) {
    const PagingState state;
    for (const std::uint64_t va : {0x0U, 0x7fffU}) EXPECT_TRUE(is_canonical(VirtAddr{va}, state));
    EXPECT_TRUE(is_canonical(VirtAddr{0x00007fffffffffff}, state));
    EXPECT_FALSE(is_canonical(VirtAddr{0x0000800000000000}, state));
    EXPECT_FALSE(is_canonical(VirtAddr{0xffff7fffffffffff}, state));
    EXPECT_TRUE(is_canonical(VirtAddr{0xffff800000000000}, state));
    EXPECT_FALSE(is_canonical(VirtAddr{0x7fff800000000000}, state));
}

TEST(Canonical, FiveLevelsExtendBit56) {
    PagingState state;
    state.la57 = true;
    EXPECT_TRUE(is_canonical(VirtAddr{0x0000800000000000}, state));
    EXPECT_TRUE(is_canonical(VirtAddr{0x00ffffffffffffff}, state));
    EXPECT_FALSE(is_canonical(VirtAddr{0x0100000000000000}, state));
    EXPECT_FALSE(is_canonical(VirtAddr{0xfeffffffffffffff}, state));
    EXPECT_TRUE(is_canonical(VirtAddr{0xff00000000000000}, state));
}

}  // namespace
}  // namespace splinter::x86
