// The direct map as boot makes it: its leaves, and that the page tables fit into what is set aside for them.
#include "platforms/build/direct_map_start.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/platforms/kernel_trace_files.h"

namespace splinter::platforms {
namespace {

using testing::ScratchDirectory;
using testing::user_error;
using x86::PageSize;
using x86::Pte;

constexpr PageCount kFrames{4 * x86::kPdpte.pages().raw()};  // 4 GiB

struct Booted {
    explicit Booted(const alloc::DirectMapParams& params) : start{params} {
        const PfnRange tables_range{Pfn{0} + kFrames, start.tables_for(kFrames.raw() * kPageBytes)};
        memory = std::make_unique<x86::PhysMem>(tables_range.end().raw() * kPageBytes);
        frames = std::make_unique<alloc::BootFrames>(tables_range);  // that they suffice is checked by take()
        tables = std::make_unique<alloc::BootTables>(*memory, *frames);
        start.map_memory(*tables, kFrames);
        count(tables->root(), x86::kPml4e);
    }
    void count(Pfn table, x86::Level level) {
        for (std::uint64_t i = 0; i < x86::kEntriesPerTable; ++i) {
            const Pte entry = memory->load(base_of(table) + i * 8);
            if (!entry.present()) continue;
            if (entry.is_leaf(level)) {
                ++leaves[x86::leaf_size(level)];
                if (!entry.has(Pte::kGlobal)) ++not_global;
                EXPECT_TRUE(entry.has(Pte::kWritable | Pte::kNoExecute));
            } else {
                ++table_pages;
                count(entry.next_table(), level.below());
            }
        }
    }
    DirectMapStart start;
    std::unique_ptr<x86::PhysMem> memory;
    std::unique_ptr<alloc::BootFrames> frames;
    std::unique_ptr<alloc::BootTables> tables;
    std::map<PageSize, std::uint64_t> leaves;
    std::uint64_t not_global = 0;
    std::uint64_t table_pages = 1;  // the root
};

alloc::DirectMapParams largest(const char* leaf) {
    alloc::DirectMapParams params;
    params.largest_leaf = leaf;
    return params;
}

TEST(DirectMapStartOfBoot, HasGiantLeavesBehindTheFirstGiB) {
    const Booted node{largest("1GiB")};
    EXPECT_EQ(node.leaves, (std::map<PageSize, std::uint64_t>{{PageSize::m2, 512}, {PageSize::g1, 3}}));
    EXPECT_EQ(node.table_pages, 3U);
}

TEST(DirectMapStartOfBoot, HasLargeLeavesOnCpusWithoutGiantOnes) {
    const Booted node{largest("2MiB")};
    EXPECT_EQ(node.leaves, (std::map<PageSize, std::uint64_t>{{PageSize::m2, 4 * 512}}));
    EXPECT_EQ(node.table_pages, 2U + 4);
}

TEST(DirectMapStartOfBoot, HasSmallLeavesWithDebugPagealloc) {
    const Booted node{largest("4KiB")};
    EXPECT_EQ(node.leaves, (std::map<PageSize, std::uint64_t>{{PageSize::k4, kFrames.raw()}}));
    EXPECT_EQ(node.table_pages, 2U + 4 + 4 * 512);
}

TEST(DirectMapStartOfBoot, EverySmallLeafMapsItsFrame) {
    const Booted node{largest("4KiB")};
    for (std::uint64_t pfn = 0; pfn < kFrames.raw(); pfn += 509) {
        Pfn table = node.tables->root();
        const VirtAddr va = alloc::layout::direct_map(Pfn{pfn});
        for (x86::Level level = x86::kPml4e; level > x86::kPte; level = level.below())
            table = node.memory->load(base_of(table) + level.index(va) * 8).next_table();
        ASSERT_EQ(node.memory->load(base_of(table) + x86::kPte.index(va) * 8).frame(), Pfn{pfn});
    }
}

struct Recorded : ::testing::Test {
    ScratchDirectory folder;
    alloc::DirectMapParams params(const std::string& lines) const {
        alloc::DirectMapParams params;
        params.layout = folder.write("layout", "# base ffff888000000000\n" + lines);
        return params;
    }
};

TEST_F(Recorded, LeavesHaveTheRecordedSizeAndFramesBetweenThemBootsChoice) {
    const Booted node{
        params("ffff888040000000 ffff888040200000 1 8000000000000003\n"     // written off, not global
               "ffff888080000000 ffff888080400000 2 8000000000000002\n")};  // not present, mapped here
    EXPECT_EQ(node.leaves,
              (std::map<PageSize, std::uint64_t>{{PageSize::k4, 512}, {PageSize::m2, 512 + 511 + 512}, {PageSize::g1, 1}}));
    EXPECT_EQ(node.not_global, 512U + 2);
}

TEST_F(Recorded, LeavesBehindTheMemoryAreRefused) {
    const auto behind = params("ffff888000000000 ffff888040000000 2 183\nffff888100000000 ffff888140000000 3 183\n");
    const std::string message = user_error([&] { const Booted node{behind}; });
    EXPECT_EQ(message,
              behind.layout + ":3:1: found leaves up to 5120 MiB, allowed: within the 4096 MiB of the machine's memory");
}

}  // namespace
}  // namespace splinter::platforms
