#include "platforms/workload/kernel_trace_share.h"

#include "platforms/workload/kernel_trace.h"
#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::expect_contains;
using testing::sample;
using testing::user_error;

const std::vector<std::string> kGfp{"GFP_KERNEL_ACCOUNT|__GFP_ZERO", "GFP_HIGHUSER|__GFP_COMP|__GFP_ZERO",
                                    "GFP_HIGHUSER_MOVABLE|__GFP_ZERO", "GFP_KERNEL|0x8000000"};

TraceEvent allocation(std::uint64_t gfp, unsigned order, std::uint8_t migratetype) {
    TraceEvent event;
    event.kind = TraceEventKind::allocate;
    event.order = Order{order};
    event.migratetype = migratetype;
    event.second = gfp;
    return event;
}

std::string share_error(const std::string& predicate) {
    return user_error([&] { const UnmappedShare share({predicate}, kGfp); });
}

TEST(UnmappedShare, NothingMatchesWithoutPredicates) {
    const UnmappedShare share({}, kGfp);
    EXPECT_FALSE(share.matches(allocation(0, 0, 0)));
}

TEST(UnmappedShare, AllNamesOfAGfpPredicateMustOccur) {
    const UnmappedShare share({"gfp:__GFP_ZERO|GFP_HIGHUSER"}, kGfp);
    EXPECT_FALSE(share.matches(allocation(0, 0, 0)));
    EXPECT_TRUE(share.matches(allocation(1, 0, 0)));
    EXPECT_FALSE(share.matches(allocation(3, 0, 0)));
}

TEST(UnmappedShare, FlagsAreWholeNames) {
    EXPECT_FALSE(UnmappedShare({"gfp:GFP_HIGHUSER"}, kGfp).matches(allocation(2, 0, 0)));  // GFP_HIGHUSER_MOVABLE
    EXPECT_FALSE(UnmappedShare({"gfp:GFP_KERNEL"}, kGfp).matches(allocation(0, 0, 0)));    // GFP_KERNEL_ACCOUNT
    EXPECT_TRUE(UnmappedShare({"gfp:GFP_KERNEL"}, kGfp).matches(allocation(3, 0, 0)));
    EXPECT_TRUE(UnmappedShare({"gfp:0x8000000"}, kGfp).matches(allocation(3, 0, 0)));  // nameless, but in the table
}

TEST(UnmappedShare, OrderAndMigratetypeMatchExactly) {
    const UnmappedShare order({"order:3"}, kGfp);
    EXPECT_TRUE(order.matches(allocation(0, 3, 0)));
    EXPECT_FALSE(order.matches(allocation(0, 2, 0)));
    EXPECT_TRUE(UnmappedShare({"order:10"}, kGfp).matches(allocation(0, 10, 0)));
    const UnmappedShare type({"migratetype:reclaimable"}, kGfp);
    EXPECT_TRUE(type.matches(allocation(0, 0, 2)));
    EXPECT_FALSE(type.matches(allocation(0, 0, 1)));
    EXPECT_TRUE(UnmappedShare({"migratetype:movable"}, kGfp).matches(allocation(0, 0, 1)));
    EXPECT_TRUE(UnmappedShare({"migratetype:unmovable"}, kGfp).matches(allocation(0, 0, 0)));
}

TEST(UnmappedShare, AnyPredicateIsEnough) {
    const UnmappedShare share({"order:3", "gfp:GFP_HIGHUSER"}, kGfp);
    EXPECT_TRUE(share.matches(allocation(0, 3, 0)));
    EXPECT_TRUE(share.matches(allocation(1, 0, 0)));
    EXPECT_FALSE(share.matches(allocation(0, 0, 0)));
}

TEST(UnmappedShare, OnlyAllocationsMatch) {
    const UnmappedShare share({"order:0", "order:1", "migratetype:unmovable"}, kGfp);
    TraceEvent event = allocation(0, 0, 0);
    event.kind = TraceEventKind::free;
    EXPECT_FALSE(share.matches(event));
    event.kind = TraceEventKind::take;
    EXPECT_FALSE(share.matches(event));
}

TEST(UnmappedShare, BulkAllocationsHaveOrderZeroAndTheMigratetypeOfTheirBits) {
    TraceEvent bulk;
    bulk.kind = TraceEventKind::bulk_enter;
    bulk.second = 0x2dc2;
    EXPECT_TRUE(UnmappedShare({"order:0"}, kGfp).matches(bulk));
    EXPECT_FALSE(UnmappedShare({"order:1"}, kGfp).matches(bulk));
    EXPECT_TRUE(UnmappedShare({"migratetype:unmovable"}, kGfp).matches(bulk));
    bulk.second = 0x2dca;
    EXPECT_TRUE(UnmappedShare({"migratetype:movable"}, kGfp).matches(bulk));
    EXPECT_FALSE(UnmappedShare({"migratetype:unmovable"}, kGfp).matches(bulk));
}

TEST(UnmappedShare, BadPredicatesNameTheAllowedForms) {
    EXPECT_EQ(share_error("size:3"),
              "workload.trace.unmapped: found 'size:3', expected gfp:NAME|NAME..., order:0 to order:10 or "
              "migratetype:unmovable|movable|reclaimable (one of them)");
    for (const char* bad : {"", "gfp", "gfp:", "gfp:GFP_KERNEL|", "order:", "order:11", "order:-1", "order:3x", "order: 3",
                            "migratetype:", "migratetype:Movable", "migratetype:1", " order:3"}) {
        expect_contains(share_error(bad), "workload.trace.unmapped: found '" + std::string{bad} + "'");
    }
    expect_contains(share_error("gfp:GFP_KERNAL"), "no flag is called 'GFP_KERNAL'");
    EXPECT_EQ(share_error("gfp:__GFP_ACCOUNT"), "(no error)");  // a flag of Linux that this trace does not have
}

TEST(UnmappedShare, TheSecretPagesOfTheSampleAreFoundByTheirFlags) {
    const KernelTrace trace = load_kernel_trace(sample("secret512-k61"));
    const UnmappedShare share({"gfp:GFP_HIGHUSER|__GFP_ZERO"}, trace.log.gfp);
    std::size_t matched = 0;
    for (const TraceEvent& event : trace.log.events) matched += share.matches(event) ? 1 : 0;
    EXPECT_EQ(matched, trace.log.count(TraceEventKind::invalidate));
}

}  // namespace
}  // namespace splinter::platforms
