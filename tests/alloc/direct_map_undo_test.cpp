// A page-table allocation that fails, each in turn, under every change that a kernel function makes: afterwards all pages
// translate with the rights that they had, and no page is lost. Tables of splits that were completed stay, as in Linux.
#include <gtest/gtest.h>

#include "alloc/map/set_memory.h"
#include "tests/alloc/test_kernel.h"
#include "tests/alloc/zone_lists.h"

namespace splinter::alloc {
namespace {

using x86::Pte;
using MapOutcome = DirectMap::Outcome;

struct Range {
    const char* name;
    std::uint64_t offset, pages;  // from 1 GiB
};
constexpr Range kRanges[] = {
    {"OnePageInAGiantLeaf", 7, 1},
    {"AcrossTwoGiantLeaves", 512 * 512 - 700, 1400},
    {"MisalignedByOneInLargeLeaves", 100 * 512 + 1, 1024},
    {"OnePageBehindALargeLeaf", 100 * 512, 513},
};

// [1 GiB, 2 GiB) has 2 MiB leaves if the range says so; pages around the range have different rights, which must survive.
struct PreparedRange {
    explicit PreparedRange(const Range& pages) : range{after(kFirstGiant, pages.offset), PageCount{pages.pages}} {
        if (pages.pages == 1 || pages.offset > 200 * 512) return;
        must(LeafChange{0, Pte::kWritable}, {after(kFirstGiant, 101 * 512), kLargePages});
    }
    void must(const LeafChange& change, PfnRange pages) {
        EXPECT_EQ(node.kernel.direct_map.change(node.cpu(), pages, change), MapOutcome::done);
    }
    // Flags of all pages of the range and 600 around it, whatever the size of their leaves.
    std::vector<std::uint64_t> flags() {
        std::vector<std::uint64_t> all;
        for (std::uint64_t i = 0; i < range.count.raw() + 1200; ++i) {
            const VirtAddr va =
                layout::direct_map(Pfn{range.first.raw() + i - (range.first == after(kFirstGiant, 7) ? 7 : 600)});
            Pfn table = node.memory.root();
            for (x86::Level level = x86::kPml4e;; level = level.below()) {
                const Pte entry = node.memory.contents().load(base_of(table) + level.index(va) * 8);
                if (entry.is_leaf(level) || !entry.present()) {
                    all.push_back(entry.flags() & ~Pte::kPageSizeBit);
                    break;
                }
                table = entry.next_table();
            }
        }
        return all;
    }
    std::uint64_t free() { return node.kernel.pages.free_pages(node.zone()).raw(); }
    std::vector<std::pair<std::uint64_t, unsigned>> lists() {
        std::vector<std::pair<std::uint64_t, unsigned>> all;
        node.zone().for_each_free([&](Pfn block, Order order, std::size_t) { all.emplace_back(block.raw(), order.index()); });
        return all;
    }
    RecordedKernel node{kTablePages, "none", 2};
    PfnRange range;
};

std::vector<LeafChange> all_changes() {
    std::vector<LeafChange> all{LeafChange::not_present(), LeafChange::key(1), {0, Pte::kPresent}};
    for (const SetMemoryFunction& function : set_memory_functions())
        for (std::size_t i = 0; i < function.change_count; ++i) all.push_back(function.changes[i]);
    return all;
}

struct EachFailure : ::testing::TestWithParam<Range> {};

TEST_P(EachFailure, LeavesTheDirectMapAndTheFreeListsAsTheyWere) {
    std::uint64_t failures = 0;
    for (const LeafChange& change : all_changes()) {
        for (std::uint64_t failing = 0;; ++failing) {
            PreparedRange state{GetParam()};
            FailingPageTablePages& tables = state.node.kernel.tables;
            const auto flags = state.flags();
            const auto lists = state.lists();
            const std::uint64_t free = state.free();
            const std::size_t given = tables.given().size();
            tables.fail_only(failing);
            const MapOutcome outcome = state.node.kernel.direct_map.change_or_undo(state.node.cpu(), state.range, change);
            if (outcome == MapOutcome::done) break;
            ++failures;
            ASSERT_EQ(state.flags(), flags) << "allocation " << failing;
            ASSERT_EQ(tables.given().size() - given, failing);
            ASSERT_EQ(state.free() + failing, free);
            if (failing == 0) {
                ASSERT_EQ(state.lists(), lists);
            }
            state.node.machine.check_quiet();
        }
    }
    EXPECT_GT(failures, all_changes().size() / 2);  // some change nothing here, and need no page
}

INSTANTIATE_TEST_SUITE_P(DirectMap, EachFailure, ::testing::ValuesIn(kRanges),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(DirectMapUndo, BringsBackTheGlobalBit) {
    PreparedRange state{kRanges[3]};
    ASSERT_TRUE((state.flags()[600] & Pte::kGlobal) != 0);
    state.node.kernel.tables.fail_only(0);
    ASSERT_EQ(state.node.kernel.direct_map.change_or_undo(state.node.cpu(), state.range, LeafChange::not_present()),
              MapOutcome::no_memory);
    EXPECT_TRUE((state.flags()[600] & Pte::kGlobal) != 0);
}

}  // namespace
}  // namespace splinter::alloc
