// Page tables that the walker reads without its port: when it does, and what that costs. The port's own tables are empty, so
// that an access which reads there faults.
#include "tests/hw/plain_tables.h"

namespace splinter::hw::testing {
namespace {

constexpr Cycles kCost{7};
constexpr std::uint64_t kBytes = 16 * kPageBytes;

class DirectTablesTest : public ::testing::Test {
  protected:
    // Tables for kPage in frames 1 (the root) to 4, or the last one in `leaf_table`.
    void map(Pfn leaf_table = Pfn{4}) {
        constexpr Pfn kTables[] = {PlainTables::kRoot, Pfn{2}, Pfn{3}};
        x86::Level level = x86::kPml4e;
        for (const Pfn table : kTables) {
            const Pfn next = level == x86::kPde ? leaf_table : table + PageCount{1};
            memory_.store(base_of(table) + level.index(kPage) * 8, x86::Pte::table(next, PlainTables::kUsed));
            level = level.below();
        }
        if (!memory_.contains(base_of(leaf_table))) return;
        memory_.store(base_of(leaf_table) + x86::kPte.index(kPage) * 8,
                      x86::Pte::leaf(kOld, x86::PageSize::k4, PlainTables::kUsed));
    }
    void read_directly() { plain_.unit.read_directly({memory_.data(), kBytes, kCost, &young_}); }
    void make_a_store_young() {
        (void)young_.record({Cycles{1}, CpuId{1}}, PhysAddr{kBytes - 8}, x86::Pte{}, x86::Pte{PlainTables::kUsed});
    }

    x86::PhysMem memory_{kBytes};
    RecentStores young_{Cycles{100}};
    PlainUnit plain_;
};

TEST_F(DirectTablesTest, AreReadWithoutThePort) {
    map();
    read_directly();
    EXPECT_EQ(plain_.frame(kPage), kOld);
}

TEST_F(DirectTablesTest, CostTheirReadAndAStepPerEntry) {
    map();
    read_directly();
    const MmuParams params;
    const Cycles expected = params.l2_hit + (params.walk_step + kCost) * 4;
    EXPECT_EQ(plain_.unit.access(kPage, PlainUnit::kRead).latency, expected);
}

TEST_F(DirectTablesTest, AreLeftToThePortWhileAStoreIsYoung) {
    map();
    read_directly();
    make_a_store_young();
    EXPECT_EQ(plain_.frame(kPage), std::nullopt);
    young_.forget_before(Cycles{101});
    EXPECT_EQ(plain_.frame(kPage), kOld);
}

TEST_F(DirectTablesTest, LeaveATableBeyondTheirEndToThePort) {
    map(pfn_of(PhysAddr{kBytes}));
    read_directly();
    std::vector<PhysAddr> asked;
    plain_.tables.on_read = [&](PhysAddr address) { asked.push_back(address); };
    EXPECT_EQ(plain_.frame(kPage), std::nullopt);
    EXPECT_EQ(asked, std::vector{PhysAddr{kBytes} + x86::kPte.index(kPage) * 8});
}

}  // namespace
}  // namespace splinter::hw::testing
