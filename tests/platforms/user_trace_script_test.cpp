// What a user's trace asks, where lines are missing or blocks are freed in parts.
#include "platforms/workload/user_trace_script.h"

#include <gtest/gtest.h>

namespace splinter::platforms::testing {
namespace {

class Script : public ::testing::Test {
  protected:
    void allocate(const std::string& pfn, unsigned order, const std::string& gfp = "GFP_KERNEL") {
        add("mm_page_alloc: page=0 pfn=" + pfn + " order=" + std::to_string(order) + " migratetype=0 gfp_flags=" + gfp);
    }
    void free(const std::string& pfn, unsigned order) {
        add("mm_page_free: page=0 pfn=" + pfn + " order=" + std::to_string(order));
    }
    UserTraceScript made(const std::vector<std::string>& unmapped = {},
                         const std::vector<std::string>& zones = {"DMA", "DMA32", "Normal"}) const {
        const UserTrace trace = parse_user_trace(text_, "t");
        return make_user_script(trace, UnmappedShare{unmapped, trace.log.gfp}, zones);
    }

  private:
    void add(const std::string& event) { text_ += "a-1 [000] ..... 1.5: " + event + "\n"; }
    std::string text_;
};

TEST_F(Script, AFreeNamesTheAllocationWhoseBlockItFrees) {
    allocate("0x10", 1);
    allocate("0x20", 0);
    free("0x10", 1);
    const UserTraceScript script = made();
    ASSERT_EQ(script.script.operations().size(), 3U);
    const TraceOperation& last = script.script.operations()[2];
    EXPECT_EQ(last.kind, TraceOperation::Kind::free_allocated);
    EXPECT_EQ(last.subject, 0U);
    EXPECT_EQ(last.order, Order{1U});
    EXPECT_EQ(script.script.allocations(), 2U);
    EXPECT_EQ(script.unknown_frees + script.missing_frees, 0U);
}

TEST_F(Script, FreesOfPagesThatNoLineAllocatedAreCountedAndLeftOut) {
    free("0x10", 2);
    free("0x20", 0);
    const UserTraceScript script = made();
    EXPECT_TRUE(script.script.operations().empty());
    EXPECT_EQ(script.unknown_frees, 2U);
    EXPECT_EQ(script.unknown_pages, 5U);
}

TEST_F(Script, ABlockMayBeFreedInParts) {
    allocate("0x10", 2);
    free("0x11", 0);
    free("0x12", 1);
    free("0x10", 0);
    const UserTraceScript script = made();
    const auto& operations = script.script.operations();
    ASSERT_EQ(operations.size(), 4U);
    EXPECT_EQ(operations[1].offset, PageCount{1});
    EXPECT_EQ(operations[1].order, Order{0U});
    EXPECT_EQ(operations[2].offset, PageCount{2});
    EXPECT_EQ(operations[2].order, Order{1U});
    EXPECT_EQ(operations[3].offset, PageCount{0});
    EXPECT_EQ(script.unknown_frees, 0U);
}

TEST_F(Script, AFreeOfMoreThanIsKnownFreesWhatIs) {
    allocate("0x11", 0);
    free("0x10", 1);
    const UserTraceScript script = made();
    EXPECT_EQ(script.script.operations().size(), 2U);
    EXPECT_EQ(script.unknown_frees, 1U);
    EXPECT_EQ(script.unknown_pages, 1U);
}

TEST_F(Script, AFreeThatWasLostIsMadeGoodBeforeTheNextAllocationOfThePage) {
    allocate("0x10", 1);
    allocate("0x11", 0);
    const UserTraceScript script = made();
    const auto& operations = script.script.operations();
    ASSERT_EQ(operations.size(), 3U);
    EXPECT_EQ(operations[1].kind, TraceOperation::Kind::free_allocated);
    EXPECT_EQ(operations[1].subject, 0U);
    EXPECT_EQ(operations[2].subject, 1U);
    EXPECT_EQ(script.missing_frees, 1U);
}

TEST_F(Script, FlagsDecideOnBlockingAndZone) {
    allocate("0x10", 0);
    allocate("0x11", 0, "GFP_ATOMIC");
    allocate("0x12", 0, "GFP_KERNEL|GFP_DMA32");
    const UserTraceScript script = made();
    const auto& operations = script.script.operations();
    EXPECT_EQ(operations[0].blocking, alloc::Blocking::may_block);
    EXPECT_EQ(operations[0].zone, std::nullopt);
    EXPECT_EQ(operations[1].blocking, alloc::Blocking::may_not_block);
    EXPECT_EQ(operations[0].highest_zone, alloc::ZoneKind::movable);
    EXPECT_EQ(operations[2].highest_zone, alloc::ZoneKind::dma32);
    EXPECT_EQ(operations[2].zone, std::nullopt);  // it may fall to DMA
    EXPECT_EQ(made({}, {"Normal"}).script.operations()[2].highest_zone, alloc::ZoneKind::movable);
}

TEST_F(Script, ADeclaredShareIsProtected) {
    allocate("0x10", 0, "GFP_HIGHUSER|__GFP_ACCOUNT");
    allocate("0x11", 0);
    const UserTraceScript script = made({"gfp:__GFP_ACCOUNT"});
    const auto& operations = script.script.operations();
    EXPECT_TRUE(operations[0].is_protected);
    EXPECT_FALSE(operations[1].is_protected);
}

}  // namespace
}  // namespace splinter::platforms::testing
