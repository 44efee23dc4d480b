#include "platforms/workload/gfp_text.h"

#include <gtest/gtest.h>

namespace splinter::platforms {
namespace {

using alloc::Blocking;
using alloc::Reserves;

TEST(GfpText, NamesWithDirectReclaimMayBlock) {
    EXPECT_EQ(gfp_reserves("GFP_KERNEL_ACCOUNT|__GFP_ZERO").blocking, Blocking::may_block);
    EXPECT_EQ(gfp_reserves("GFP_TRANSHUGE|__GFP_NORETRY").blocking, Blocking::may_block);
    EXPECT_EQ(gfp_reserves("GFP_NOWAIT|__GFP_NOWARN").blocking, Blocking::may_not_block);
    EXPECT_EQ(gfp_reserves("GFP_TRANSHUGE_LIGHT").blocking, Blocking::may_not_block);
    EXPECT_EQ(gfp_reserves("").blocking, Blocking::may_not_block);
}

TEST(GfpText, AtomicRequestsMayUseReserves) {
    EXPECT_EQ(gfp_reserves("GFP_ATOMIC|__GFP_COMP").reserves, Reserves::may_use);
    EXPECT_EQ(gfp_reserves("__GFP_COMP|__GFP_HIGH").reserves, Reserves::may_use);
    EXPECT_EQ(gfp_reserves("GFP_HIGHUSER|__GFP_HIGHMEM").reserves, Reserves::untouched);
}

TEST(GfpText, NomemallocOpensNoReserveForNotBlocking) {
    EXPECT_EQ(gfp_reserves("GFP_ATOMIC|__GFP_NOMEMALLOC").blocking, Blocking::may_block);
    EXPECT_EQ(gfp_reserves("GFP_ATOMIC|__GFP_NOMEMALLOC").reserves, Reserves::may_use);
}

}  // namespace
}  // namespace splinter::platforms
