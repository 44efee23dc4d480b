#include "hw/x86/phys_mem.h"

#include <gtest/gtest.h>

#include "hw/base/check.h"
#include "hw/base/user_error.h"

namespace splinter::x86 {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

TEST(PhysMem, IsZeroAtFirst) { EXPECT_EQ(PhysMem{kMebibyte}.load(PhysAddr{0x1000}), Pte{}); }

TEST(PhysMem, KeepsWhatWasStored) {
    PhysMem memory{kMebibyte};
    memory.store(PhysAddr{0x1008}, Pte{0x123456789abcdef0U});
    EXPECT_EQ(memory.load(PhysAddr{0x1008}), Pte{0x123456789abcdef0U});
}

TEST(PhysMem, AStoreLeavesItsNeighboursAlone) {
    PhysMem memory{kMebibyte};
    memory.store(PhysAddr{0x1008}, Pte{~std::uint64_t{0}});
    EXPECT_EQ(memory.load(PhysAddr{0x1000}), Pte{});
    EXPECT_EQ(memory.load(PhysAddr{0x1010}), Pte{});
}

TEST(PhysMem, TheLastWordIsInsideAndTheNextIsNot) {
    PhysMem memory{kMebibyte};
    EXPECT_NO_THROW(memory.store(PhysAddr{kMebibyte - 8}, Pte{1}));
    EXPECT_THROW(memory.store(PhysAddr{kMebibyte}, Pte{1}), InternalError);
}

TEST(PhysMem, RefusesAnUnalignedAddress) {
    const PhysMem memory{kMebibyte};
    EXPECT_THROW((void)memory.load(PhysAddr{0x1004}), InternalError);
}

TEST(PhysMem, ReservesATebibyteWithoutTouchingIt) {
    PhysMem memory{std::uint64_t{1} << 40};
    memory.store(PhysAddr{(std::uint64_t{1} << 40) - 8}, Pte{7});
    EXPECT_EQ(memory.load(PhysAddr{(std::uint64_t{1} << 40) - 8}), Pte{7});
}

TEST(PhysMem, TooMuchForTheHostIsTheUsersMistake) {
    EXPECT_THROW(PhysMem{std::uint64_t{1} << 60}, UserError);  // beyond any host's 47 or 56 bits of user addresses
}

}  // namespace
}  // namespace splinter::x86
