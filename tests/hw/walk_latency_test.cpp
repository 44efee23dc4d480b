// What a page walk costs, to the cycle, on a machine whose caches are so small that a few data accesses move a page-table line
// from one level to the next.
#include <gtest/gtest.h>

#include "hw/base/user_error.h"
#include "hw/core/machine.h"
#include "tests/hw/child_run.h"

namespace splinter::hw {
namespace {

using testing::in_child;

constexpr std::uint64_t kTableFlags = x86::Pte::kPresent | x86::Pte::kWritable | x86::Pte::kUser | x86::Pte::kAccessed;
constexpr std::uint64_t kLeafFlags = kTableFlags | x86::Pte::kDirty;
constexpr x86::Access kRead{x86::AccessKind::read, x86::Mode::user};
constexpr Pfn kRoot{16};
constexpr VirtAddr kPage{0x0000100000000000U};
constexpr VirtAddr kOtherPage = kPage + 8 * kPageBytes;  // its entry is in the next line of the same table

MachineParams small_machine(const char* caches, const char* bus) {
    MachineParams params;
    params.cores = 2;
    params.page_table_caches = caches;
    params.bus = bus;
    params.mmu.l1d = {1, 1};  // a walk per page
    params.mmu.l2 = {1, 1};
    params.mmu.l2_hit = Cycles{9};
    params.mmu.walk_step = Cycles{2};
    params.mem.l1d = {128, 2};  // one set each
    params.mem.l2 = {512, 8};
    params.mem.llc = {2048, 32};
    return params;
}

// Maps 512 pages from kPage by the page table in frame `table`.
void map_pages(x86::PhysMem& memory, Pfn table) {
    const Pfn tables[] = {kRoot, Pfn{17}, Pfn{18}, table};
    for (unsigned depth = 0; depth < 3; ++depth) {
        const x86::Level level{4 - depth};
        memory.store(base_of(tables[depth]) + level.index(kPage) * 8, x86::Pte{base_of(tables[depth + 1]).raw() | kTableFlags});
    }
    for (std::uint64_t i = 0; i < 512; ++i)
        memory.store(base_of(table) + i * 8, x86::Pte{base_of(Pfn{1024 + i}).raw() | kLeafFlags});
}

// One core runs `body`; the other has nothing to do.
class OneProgram : public CoreProgram {
  public:
    explicit OneProgram(std::function<void(Core&)> body, CpuId cpu = CpuId{0U}) : body_{std::move(body)}, cpu_{cpu} {}
    void run(Core& core) override {
        if (core.id() == cpu_) body_(core);
    }
    void on_interrupt(Core&, Vector) override {}
    void on_notice(Core&, const Message&) override {}

  private:
    std::function<void(Core&)> body_;
    CpuId cpu_;
};

// Cycles beyond an L1 TLB hit of an access to kPage, and those of its walk, after `evicting` other lines have been read since
// the last walk for it. The page-directory entry is in the paging-structure cache.
std::vector<std::uint64_t> walk(const MachineParams& params, Pfn table, std::uint64_t evicting) {
    return in_child([&] {
        x86::PhysMem memory{std::uint64_t{64} << 20};
        map_pages(memory, table);
        Machine machine{"machine", params, memory};
        std::vector<std::uint64_t> result;
        OneProgram program{[&](Core& core) {
            TranslationUnit& unit = core.mmu().unit();
            unit.write_cr3(kRoot, Pcid{1}, TranslationUnit::Cr3Flush::flush);
            (void)unit.access(kOtherPage, kRead);  // fills the paging-structure caches
            (void)unit.access(kPage, kRead);
            (void)unit.access(kOtherPage, kRead);
            // The other page's entry was in L1 and moved nothing in the levels below.
            CacheHierarchy& caches = machine.memory().caches();
            for (std::uint64_t i = 0; i < evicting; ++i) (void)caches.access_data(core.id(), PhysAddr{(1 << 24) + i * 64});
            const std::uint64_t before = unit.stats().walk_cycles;
            const TranslationUnit::Outcome outcome = unit.access(kPage, kRead);
            result = {outcome.latency.raw(), unit.stats().walk_cycles - before};
        }};
        for (const auto& core : machine.cores()) core->set_program(program);
        machine.run();
        return result;
    });
}

constexpr Pfn kLocalTable{20};  // frames take turns between the sockets
constexpr Pfn kRemoteTable{21};

struct Case {
    const char* name;
    const char* bus;
    std::uint64_t evicting;  // other lines read since the walker read the entry's
    Pfn table;
    Cycles MemoryParams::*level;
};

void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

class WalkLatency : public ::testing::TestWithParam<Case> {};

TEST_P(WalkLatency, IsTheStepAndTheLevelThatHoldsTheEntry) {
    const MachineParams params = small_machine("l2+llc", GetParam().bus);
    const std::uint64_t level = (params.mem.*GetParam().level).raw();
    const std::vector<std::uint64_t> cycles = walk(params, GetParam().table, GetParam().evicting);
    EXPECT_EQ(cycles, (std::vector<std::uint64_t>{9 + 2 + level, 2 + level}));
}

constexpr Case kCases[] = {
    {"l1d", "dmi", 0, kLocalTable, &MemoryParams::l1d_hit},
    {"first_in_l2", "dmi", 1, kLocalTable, &MemoryParams::l2_hit},
    {"last_in_l2", "dmi", 7, kLocalTable, &MemoryParams::l2_hit},
    {"first_in_llc", "dmi", 8, kLocalTable, &MemoryParams::llc_hit},
    {"last_in_llc", "dmi", 31, kLocalTable, &MemoryParams::llc_hit},
    {"dram_local", "dmi", 32, kLocalTable, &MemoryParams::dram_local},
    {"dram_remote", "dmi", 32, kRemoteTable, &MemoryParams::dram_remote},
    {"l1d_by_transport", "tlm", 0, kLocalTable, &MemoryParams::l1d_hit},
    {"l2_by_transport", "tlm", 7, kLocalTable, &MemoryParams::l2_hit},
    {"llc_by_transport", "tlm", 31, kLocalTable, &MemoryParams::llc_hit},
    {"dram_local_by_transport", "tlm", 32, kLocalTable, &MemoryParams::dram_local},
    {"dram_remote_by_transport", "tlm", 32, kRemoteTable, &MemoryParams::dram_remote},
};
INSTANTIATE_TEST_SUITE_P(Levels, WalkLatency, ::testing::ValuesIn(kCases), [](const auto& test) { return test.param.name; });

TEST(WalkLatencyFixed, IsTheStepAndTheFixedReadWhereverTheEntryLies) {
    const MachineParams params = small_machine("fixed", "dmi");
    for (std::uint64_t evicting : {0, 32})
        EXPECT_EQ(walk(params, kRemoteTable, evicting), (std::vector<std::uint64_t>{9 + 2 + 14, 2 + 14}));
}

TEST(WalkLatencyL2, TakesTheLastLevelForWhateverTheL2Misses) {
    const MachineParams params = small_machine("l2", "dmi");
    EXPECT_EQ(walk(params, kRemoteTable, 7), (std::vector<std::uint64_t>{9 + 2 + 14, 2 + 14}));
    EXPECT_EQ(walk(params, kRemoteTable, 1000), (std::vector<std::uint64_t>{9 + 2 + 68, 2 + 68}));
}

TEST(WalkLatencyByTransport, UsesTheCachesOfTheCoreThatReads) {
    const std::vector<std::uint64_t> reads = in_child([] {
        x86::PhysMem memory{std::uint64_t{64} << 20};
        map_pages(memory, kLocalTable);
        Machine machine{"machine", small_machine("l2", "tlm"), memory};
        OneProgram program{[&](Core& core) {
                               TranslationUnit& unit = core.mmu().unit();
                               unit.write_cr3(kRoot, Pcid{1}, TranslationUnit::Cr3Flush::flush);
                               (void)unit.access(kPage, kRead);
                           },
                           CpuId{1U}};
        for (const auto& core : machine.cores()) core->set_program(program);
        machine.run();
        const auto total = [&](std::uint32_t cpu) {
            std::uint64_t sum = 0;
            for (std::uint64_t count : machine.memory().caches().stats(CpuId{cpu}).page_table) sum += count;
            return sum;
        };
        return std::vector<std::uint64_t>{total(0), total(1)};
    });
    EXPECT_EQ(reads, (std::vector<std::uint64_t>{0, 4}));
}

// Core 0 waits for what nobody sends; core 1 reads memory for ever.
class WaitAndLoop : public CoreProgram {
  public:
    explicit WaitAndLoop(Machine& machine) : machine_{machine} {}
    void run(Core& core) override {
        if (core.id() == CpuId{0U}) return core.timeline().wait_for_wake();
        core.timeline().set_conduct(machine_.conduct_of_loops());
        for (std::uint64_t i = 0;; ++i) core.timeline().advance(core.line_latency(PhysAddr{i * 64 % (1 << 24)}));
    }
    void on_interrupt(Core&, Vector) override {}
    void on_notice(Core&, const Message&) override {}

  private:
    Machine& machine_;
};

class Deadlock : public ::testing::TestWithParam<const char*> {};

TEST_P(Deadlock, IsFoundThoughALoopRunsForEver) {
    const std::vector<std::uint64_t> found = in_child([] {
        x86::PhysMem memory{std::uint64_t{64} << 20};
        Machine machine{"machine", small_machine(GetParam(), "dmi"), memory};
        WaitAndLoop program{machine};
        for (const auto& core : machine.cores()) core->set_program(program);
        try {
            machine.run();
        } catch (const SimulatedFinding&) {
            return std::vector<std::uint64_t>{1};
        }
        return std::vector<std::uint64_t>{0};
    });
    EXPECT_EQ(found, std::vector<std::uint64_t>{1});
}
INSTANTIATE_TEST_SUITE_P(Caches, Deadlock, ::testing::Values("fixed", "l2", "l2+llc"));

}  // namespace
}  // namespace splinter::hw
