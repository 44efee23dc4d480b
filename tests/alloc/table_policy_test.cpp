// Policies for page-table pages: kpkeys v6 and v7, and what might follow them. Constants are those of v6 (patches 14 and 15).
#include <gtest/gtest.h>

#include "alloc/buddy/flip_policy.h"
#include "alloc/smp/ipi_mechanism.h"
#include "alloc/tables/block_pool.h"
#include "alloc/tables/page_table_allocator.h"
#include "hw/base/user_error.h"
#include "tests/alloc/recording_cpu.h"

namespace splinter::alloc {
namespace {

inline constexpr std::size_t kEarlyTables = 8;

// A kernel on two recording CPUs whose memory lies under 1 GiB leaves.
struct TableNode {
    explicit TableNode(const std::string& policy, PageTableParams params = {},
                       PfnRange span = {kFirstGiant, times(kLargestBlock, 4)})
        : machine{memory, 2}, pages{memory.frames(), zones(policy, span), 2, pcp_limits(KernelParams{}), memory.data()} {
        params.policy = policy;
        tables = std::make_unique<PageTableAllocator>(
            find_table_policy(policy).make({pages, map, flips, observer, params, 2, memory.data()}), observer, 2);
        machine.set_handler([this](Cpu& target, std::uint8_t) { calls.on_interrupt(target); });
        proxy.target = tables.get();
        std::vector<Pfn> early;
        for (std::size_t i = 0; i < kEarlyTables; ++i) early.push_back(memory.take_boot_frame());
        tables->policy().boot(cpu(), std::move(early));
        machine.log().clear();
    }
    std::vector<Zone> zones(const std::string& policy, PfnRange span) {
        KernelParams params;
        params.page_tables.policy = policy;
        std::vector<Zone> all;
        all.push_back(free_zone(zone_layout(span), memory.frames(), kLinux6_12, freetype_lists(params)));
        return all;
    }
    // The direct map is there before the policy.
    struct Proxy : PageTablePages {
        PageTablePages* target = nullptr;
        std::optional<std::uint64_t> fail_in;  // after so many tables of splits, one fails
        std::set<Pfn> of_splits;
        std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override {
            if (fail_in && (*fail_in)-- == 0) {
                fail_in.reset();
                return std::nullopt;
            }
            const auto table = target->allocate(cpu, use);
            if (table) of_splits.insert(*table);
            return table;
        }
        void release(Cpu& cpu, Pfn table) override { target->release(cpu, table); }
        bool protects_linked_splits() const override { return target->protects_linked_splits(); }
        Ready linked(Cpu& cpu, Pfn table) override {
            const Ready ready = target->linked(cpu, table);
            if (ready == Ready::no_memory) of_splits.erase(table);
            return ready;
        }
        Ready prepare_split(Cpu& cpu) override { return target->prepare_split(cpu); }
        bool ready_for_split(Cpu& cpu) override { return target->ready_for_split(cpu); }
    };

    [[nodiscard]] RecordingCpu& cpu() { return machine.cpu(); }
    [[nodiscard]] std::optional<Pfn> take(TableUse use = TableUse::ordinary) { return tables->allocate(cpu(), use); }
    [[nodiscard]] unsigned key_of(Pfn page) const { return memory.translate(page)->rights.key; }
    [[nodiscard]] x86::PageSize leaf_of(Pfn page) const { return memory.translate(page)->size; }
    [[nodiscard]] std::uint64_t ready() const { return tables->policy_ready().value_or(PageCount{0}).raw(); }
    [[nodiscard]] PageCount free() { return pages.free_pages(pages.zones().front()); }
    [[nodiscard]] std::uint64_t broadcasts() { return machine.log().count(Call::Kind::sent_interrupts); }
    // Half of the free memory goes, every other block of order 4.
    void leave_pieces() {
        std::vector<Pfn> blocks;
        AllocRequest request;
        request.order = Order{4U};
        while (const auto block = pages.alloc_pages(cpu(), request)) blocks.push_back(*block);
        for (std::size_t i = 0; i < blocks.size(); i += 2) pages.free_pages(cpu(), blocks[i], Order{4U});
    }
    void take_all_above(std::uint64_t left) {
        while (ready() > left) ASSERT_TRUE(take());
    }

    TestMemory memory;
    RecordingMachine machine;
    MapObserver observer;
    PageAllocator pages;
    CallFunction calls{2, memory.data()};
    IpiMechanism mechanism{calls};
    TlbFlush flush{mechanism, calls.local(), PageCount{33}};
    KeyRegister keys{KeyRegister::Tables::have_a_key, KeyScope::entry, 2};
    Mermap mermap{keys, memory.mermap_tables()};
    Flips flips{pages, mermap, flip_policy(FreetypeParams{})};
    Proxy proxy;
    DirectMap map{memory.root(), proxy, keys, flush, 2};
    std::unique_ptr<PageTableAllocator> tables;
};

// --- all policies ---
class EveryPolicy : public ::testing::TestWithParam<TablePolicyInfo> {};

TEST_P(EveryPolicy, HandsOutPagesWithTheKeyThatItSays) {
    TableNode node{std::string{GetParam().name}};
    const unsigned key = GetParam().tables == KeyRegister::Tables::have_a_key ? kPageTableKey : 0;
    for (unsigned i = 0; i < 600; ++i) ASSERT_EQ(node.key_of(node.take().value()), key) << i;
}

TEST_P(EveryPolicy, LosesNoPage) {
    TableNode node{std::string{GetParam().name}};
    std::set<Pfn> taken;
    const PageCount before = node.free() + node.tables->policy().idle_pages();
    for (unsigned i = 0; i < 600; ++i) ASSERT_TRUE(taken.insert(node.take().value()).second);
    for (const Pfn page : taken) node.tables->release(node.cpu(), page);
    const bool counts_twice = GetParam().name == "freetype-key";  // idle pages are free memory
    const PageCount idle = counts_twice ? PageCount{0} : node.tables->policy().idle_pages();
    const std::uint64_t splits =
        node.map.counters(CpuId{0U}).direct_map_level2_splits + node.map.counters(CpuId{0U}).direct_map_level3_splits;
    const PageCount was = counts_twice ? before - PageCount{512} : before;
    EXPECT_LE(node.free() + idle, was);
    EXPECT_GE(node.free() + idle + PageCount{splits}, was);  // tables of splits stay
    node.machine.check_quiet();
}

// Memory that runs out in the middle of anything leaves each page with the key that its user expects.
TEST_P(EveryPolicy, FailsWithoutLeavingAKeyBehindWhenMemoryRunsOut) {
    PageTableParams params;
    TableNode node{std::string{GetParam().name}, params, {kFirstGiant, kLargestBlock}};
    std::set<Pfn> taken;
    while (const auto page = node.take()) taken.insert(*page);
    node.pages.zones().front().for_each_free([&](Pfn block, Order, std::size_t list) {
        const bool keyed = node.pages.zones().front().freetypes().type_of(list).flags.has(FreetypeFlag::pgtable_key);
        EXPECT_EQ(node.key_of(block), keyed ? kPageTableKey : 0U);
    });
    node.machine.check_quiet();
}
// The table of a split that could not be had, each in turn, whatever the policy was doing then: setting the key of one page,
// of a block, of a pageblock, falling back to a smaller one. Afterwards a page has the key if somebody uses it as a table or
// the policy keeps it, and no page is lost; a split whose table could not be protected is taken back.
enum class Memory : std::uint8_t { whole, in_pieces };
void expect_no_trace_of_failures(const TablePolicyInfo& policy, Memory memory) {
    const PfnRange span{kFirstGiant + PageCount{512 * 512 - 2 * kLargestBlock.raw()}, times(kLargestBlock, 4)};
    const bool keyed = policy.tables == KeyRegister::Tables::have_a_key;
    const bool idle_is_free = policy.name == "freetype-key";
    std::uint64_t failures = 0;
    std::uint64_t taken_back = 0;
    for (std::uint64_t failing = 0;; ++failing) {
        ASSERT_LT(failing, 1000U);
        TableNode node{std::string{policy.name}, {}, span};
        if (memory == Memory::in_pieces) node.leave_pieces();
        std::set<Pfn> used = std::exchange(node.proxy.of_splits, {});
        std::erase_if(used, [&](Pfn page) { return !span.contains(page); });
        const auto idle = [&] { return idle_is_free ? PageCount{0} : node.tables->policy().idle_pages(); };
        const PageCount all = node.free() + idle() + PageCount{used.size()};
        node.proxy.fail_in = failing;
        for (unsigned i = 0; i < 3000 && node.proxy.fail_in; ++i)
            if (const auto page = node.take()) used.insert(*page);
        if (node.proxy.fail_in) break;
        ++failures;
        taken_back += node.map.counters(CpuId{0U}).direct_map_splits_undone;
        for (const Pfn table : node.proxy.of_splits)
            if (span.contains(table)) used.insert(table);
        ASSERT_EQ(node.free() + idle() + PageCount{used.size()}, all) << "table " << failing;
        std::uint64_t with_key = 0;
        for (Pfn page = span.first; page < span.end(); page += PageCount{1}) with_key += node.key_of(page) != 0 ? 1 : 0;
        ASSERT_EQ(with_key, used.size() + node.tables->policy().idle_pages().raw()) << "table " << failing;
        node.machine.check_quiet();
    }
    const bool splits = keyed && !(idle_is_free && memory == Memory::in_pieces);  // no pageblock, no flip
    EXPECT_EQ(failures > 0, splits);
    EXPECT_EQ(taken_back > 0, policy.name == "per-page");  // the only one that links tables without the key
}
TEST_P(EveryPolicy, AFailureAtEachTableOfASplitLeavesKeysAndMemoryAsTheyWere) {
    expect_no_trace_of_failures(GetParam(), Memory::whole);
    expect_no_trace_of_failures(GetParam(), Memory::in_pieces);
}
std::string policy_name(const ::testing::TestParamInfo<TablePolicyInfo>& policy) {
    std::string name{policy.param.name};
    std::ranges::replace(name, '-', '_');
    return name;
}
INSTANTIATE_TEST_SUITE_P(TablePolicy, EveryPolicy, ::testing::ValuesIn(table_policies().begin(), table_policies().end()),
                         policy_name);

// --- per-page ---
TEST(PerPageTables, SetTheKeyAndResetItWithABroadcastEach) {
    TableNode node{"per-page"};
    const Pfn first = node.take().value();  // splits down to 4 KiB
    const Pfn page = node.take().value();
    node.tables->release(node.cpu(), first);
    ASSERT_EQ(node.leaf_of(page), x86::PageSize::k4);
    const std::uint64_t before = node.broadcasts();
    node.tables->release(node.cpu(), page);
    EXPECT_EQ(node.broadcasts(), before + 1);
    EXPECT_EQ(node.key_of(page), 0U);
    EXPECT_EQ(node.take(), page);
    EXPECT_EQ(node.broadcasts(), before + 2);
}

TEST(PerPageTables, RecurseWhenASplitNeedsAPage) {
    TableNode node{"per-page"};
    ASSERT_TRUE(node.take());
    EXPECT_GT(node.tables->gauges().worst_depth, 1U);
    EXPECT_EQ(node.map.counters(CpuId{0U}).direct_map_level3_splits, 1U);
}

TEST(PerPageTables, RecurseWithoutEndIfProtectedBeforeTheyAreLinked) {
    PageTableParams params;
    params.protect_split = "before-link";
    TableNode node{"per-page", params};
    EXPECT_THROW((void)node.take(), SimulatedFinding);
}

TEST(PerPageTables, DeadlockUnderASplitLockThatIsNotRecursive) {
    TableNode node{"per-page"};
    node.map.set_split_lock(DirectMap::SplitLock::global);
    EXPECT_THROW((void)node.take(), SimulatedFinding);
}

// --- pba ---
TEST(BlockPool, StartsWithABlockAndKeepsFourPagesFromOrdinaryRequests) {
    TableNode node{"pba"};
    EXPECT_EQ(node.ready(), 512U);
    node.take_all_above(4);
    const std::uint64_t before = node.tables->counters(CpuId{0U}).split_tables;
    ASSERT_TRUE(node.take());  // a refill of 512, one of them the caller's, one for the split of a 1 GiB leaf, if any
    EXPECT_GE(node.ready(), 4U + 511 - 1);
    EXPECT_EQ(node.tables->counters(CpuId{0U}).split_tables, before);  // the block lies under the leaf that boot has split
}

TEST(BlockPool, GivesASplitAPageOfTheReserveWithoutAnyChangeOfKeys) {
    TableNode node{"pba"};
    node.take_all_above(4);
    node.machine.log().clear();
    ASSERT_TRUE(node.take(TableUse::split));
    EXPECT_EQ(node.ready(), 3U);
    EXPECT_EQ(node.broadcasts(), 0U);
}

TEST(BlockPool, NeverRefillsForASplit) {
    TableNode node{"pba"};
    node.take_all_above(4);
    for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(node.take(TableUse::split));
    EXPECT_FALSE(node.take(TableUse::split));
    EXPECT_EQ(node.tables->counters(CpuId{0U}).split_table_failures, 1U);
}

TEST(BlockPool, RefillsBeforeAChangeThatMaySplit) {
    TableNode node{"pba"};
    node.take_all_above(4);
    ASSERT_TRUE(node.take(TableUse::split));
    EXPECT_FALSE(node.tables->ready_for_split(node.cpu()));
    EXPECT_EQ(node.tables->prepare_split(node.cpu()), PageTablePages::Ready::yes);
    EXPECT_GE(node.ready(), 512U);
}

TEST(BlockPool, ShrinksByAWholeBlockWithOneChangeAndNoSplit) {
    TableNode node{"pba"};
    std::vector<Pfn> first_block;
    while (node.ready() > 4) first_block.push_back(node.take().value());
    node.tables->release(node.cpu(), node.take().value());  // a second block, all of it free
    auto& pool = dynamic_cast<BlockPool&>(node.tables->policy());
    EXPECT_EQ(pool.shrink(node.cpu()), PageCount{0});  // fewer than 512 beyond the 16 that stay
    for (unsigned i = 0; i < 12; ++i) {
        node.tables->release(node.cpu(), first_block.back());
        first_block.pop_back();
    }
    ASSERT_EQ(node.ready(), 512U + BlockPool::kUnshrinkable);
    const std::uint64_t splits = node.map.counters(CpuId{0U}).direct_map_level2_splits;
    const std::uint64_t changes = node.pages.counters(CpuId{0U}).key_changes;
    EXPECT_EQ(pool.shrink(node.cpu()), PageCount{512});
    EXPECT_EQ(node.map.counters(CpuId{0U}).direct_map_level2_splits, splits);
    EXPECT_EQ(node.pages.counters(CpuId{0U}).key_changes, changes + 1);
}

TEST(BlockPool, ShrinksAPartlyFreeBlockPageByPageWhichSplitsItsLeaf) {
    TableNode node{"pba"};
    for (unsigned i = 0; i < 100; ++i) ASSERT_TRUE(node.take());
    auto& pool = dynamic_cast<BlockPool&>(node.tables->policy());
    const std::uint64_t ready = node.ready();
    ASSERT_EQ(ready, 412U);
    EXPECT_EQ(pool.shrink(node.cpu()), PageCount{412 - BlockPool::kUnshrinkable});
    EXPECT_EQ(node.map.counters(CpuId{0U}).direct_map_level2_splits, 1U);
    EXPECT_EQ(node.ready(), BlockPool::kUnshrinkable - 1);  // the split has taken one
}

TEST(PercpuPool, TakesABatchFromTheListAtOnce) {
    PageTableParams params;
    params.percpu_pages = 8;
    TableNode node{"pba-percpu", params};
    ASSERT_TRUE(node.take());
    EXPECT_EQ(node.ready(), 512U - 8);
    for (unsigned i = 1; i < 8; ++i) ASSERT_TRUE(node.take());
    EXPECT_EQ(node.ready(), 512U - 8);
    ASSERT_TRUE(node.take());
    EXPECT_EQ(node.ready(), 512U - 16);
}

// --- freetype-key ---
TEST(FreetypeKey, KeepsItsReserveOnTheBuddyListsAndFlipsABlockInstead) {
    TableNode node{"freetype-key"};
    const std::uint64_t flips = node.pages.counters(CpuId{0U}).flips_of_key;
    for (unsigned i = 0; i < 508; ++i) ASSERT_TRUE(node.take());
    EXPECT_EQ(node.ready(), 4U);
    EXPECT_EQ(node.pages.counters(CpuId{0U}).flips_of_key, flips);
    ASSERT_TRUE(node.take());
    EXPECT_EQ(node.pages.counters(CpuId{0U}).flips_of_key, flips + 1);
}

TEST(FreetypeKey, GivesASplitAKeptPageWithoutAFlip) {
    TableNode node{"freetype-key"};
    for (unsigned i = 0; i < 508; ++i) ASSERT_TRUE(node.take());
    const std::uint64_t flips = node.pages.counters(CpuId{0U}).flips_of_key;
    for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(node.take(TableUse::split));
    EXPECT_FALSE(node.take(TableUse::split));
    EXPECT_EQ(node.pages.counters(CpuId{0U}).flips_of_key, flips);
}

// A whole free keyed block serves whoever needs ordinary memory; a partly free one stays.
TEST(FreetypeKey, GivesABlockBackToOrdinaryRequestsWhenMemoryIsShort) {
    TableNode node{"freetype-key", {}, {kFirstGiant, kLargestBlock}};
    AllocRequest large;
    large.order = kPageblockOrder;
    ASSERT_TRUE(node.pages.alloc_pages(node.cpu(), large));
    const auto block = node.pages.alloc_pages(node.cpu(), large);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(node.key_of(*block), 0U);
}

}  // namespace
}  // namespace splinter::alloc
