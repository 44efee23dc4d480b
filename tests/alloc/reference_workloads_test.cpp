// The reference workloads of the ALLOC_UNMAPPED series (mm/tests/page_alloc_kunit.c of bjackman/linux): more than half of a
// node allocated unmapped, freed, allocated mapped again; and a long random mix of orders 0 to 3 with 64 Ki live pages.
// Functional, on a CPU that costs nothing.
#include <gtest/gtest.h>

#include <unordered_map>

#include "hw/base/rng.h"
#include "tests/alloc/test_kernel.h"

namespace splinter::alloc {
namespace {

// One CPU that keeps page tables in memory and pays for nothing.
class PlainCpu : public Cpu {
  public:
    explicit PlainCpu(x86::PhysMem& memory) : Cpu{CpuId{0U}}, memory_{memory}, online_{CpuMask::first(1)} {}
    [[nodiscard]] const CpuMask& online() const override { return online_; }
    [[nodiscard]] Cycles now() const override { return Cycles{0}; }
    void retire(Step, std::uint64_t) override {}
    void touch(VirtAddr, Touch) override {}
    [[nodiscard]] x86::Pte load_pte(VirtAddr entry) override { return memory_.load(address_of(entry)); }
    void store_pte(VirtAddr entry, x86::Pte value) override { memory_.store(address_of(entry), value); }
    void fill_table(VirtAddr table, std::span<const x86::Pte, x86::kEntriesPerTable> entries) override {
        for (std::size_t i = 0; i < entries.size(); ++i) store_pte(table + i * 8, entries[i]);
    }
    void lock(LockId) override {}
    void unlock(LockId) override {}
    IrqState irq_save() override { return IrqState::enabled; }
    void irq_restore(IrqState) override {}
    void invalidate(const x86::Invalidation&) override {}
    void write_icr(const CpuMask&, IcrDestination, std::uint8_t) override {}
    void complete(CompletionId, std::uint64_t) override {}
    void wait_for(CompletionId, std::uint64_t) override {}
    void enter(const Label&) override {}
    void leave() override {}

  private:
    static PhysAddr address_of(VirtAddr entry) { return PhysAddr{entry - layout::kDirectMap}; }
    x86::PhysMem& memory_;
    CpuMask online_;
};

struct PlainNode {
    explicit PlainNode(PfnRange span, std::string_view strategy = "freetype")
        : cpu{memory.contents()}, kernel{memory, zones(span, memory), 1, {}, strategy, observer} {}
    static std::vector<Zone> zones(PfnRange span, TestMemory& memory) {
        std::vector<Zone> one;
        one.push_back(free_zone(zone_layout(span), memory.frames()));
        return one;
    }
    [[nodiscard]] Zone& zone() { return kernel.pages.zones().front(); }
    [[nodiscard]] std::optional<Pfn> take(unsigned order, FreeType type) {
        return kernel.pages.alloc_pages(cpu, {Order{order}, type, Blocking::may_block, {}});
    }
    TestMemory memory;
    MapObserver observer;
    PlainCpu cpu;
    TestKernel kernel;
};

// In the direct map's 1 GiB leaves.
constexpr PfnRange kNode{kFirstGiant, times(kLargestBlock, 128)};  // 512 MiB

TEST(ReferenceWorkload, MoreThanHalfOfANodeUnmappedThenFreedCanBeAllocatedMappedAgain) {
    PlainNode node{kNode};
    const std::uint64_t wanted = kNode.count.raw() * 6 / 10;
    std::vector<Pfn> pages;
    for (std::uint64_t i = 0; i < wanted; ++i) {
        pages.push_back(node.take(0, kUnmovableUnmapped).value());
        ASSERT_FALSE(node.memory.mapped(pages.back()));
        ASSERT_EQ(node.zone().pageblock_freetype(pages.back()).mapping(), Mapping::unmapped);
    }
    for (Pfn page : pages) node.kernel.pages.free_pages(node.cpu, page, Order{0U});
    for (Pfn& page : pages) {
        page = node.take(0, kUnmovable).value();
        ASSERT_TRUE(node.memory.mapped(page));
        ASSERT_EQ(node.zone().pageblock_freetype(page).mapping(), Mapping::mapped);
    }
    // What the unmapped pages had is needed for it.
    EXPECT_GT(node.kernel.counters(CpuId{0U}).flips_to_mapped, 0U);
}

#if defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kSteps = 200'000;
#else
constexpr std::uint64_t kSteps = 10'000'000;
#endif

TEST(ReferenceWorkload, ManyRandomStepsOfSmallOrdersKeepEveryPageAsItsOwnerNeedsIt) {
    constexpr std::uint64_t kLivePages = 64 * 1024;
    struct Live {
        Pfn block;
        unsigned order;
        FreeType type;
    };
    PlainNode node{kNode};
    Rng rng{1, "reference"};
    std::vector<Live> live;
    std::uint64_t live_pages = 0;
    std::uint64_t failures = 0;
    for (std::uint64_t step = 0; step < kSteps; ++step) {
        if (!live.empty() && (live_pages >= kLivePages || rng.below(2) == 0)) {
            std::swap(live[rng.below(live.size())], live.back());
            const Live gone = live.back();
            live.pop_back();
            live_pages -= Order{gone.order}.pages().raw();
            node.kernel.pages.free_pages(node.cpu, gone.block, Order{gone.order});
            continue;
        }
        const auto order = static_cast<unsigned>(rng.below(4));
        const FreeType type = rng.below(2) == 0 ? kUnmovableUnmapped : kUnmovable;
        const auto block = node.take(order, type);
        if (!block) {
            ++failures;
            continue;
        }
        if (step % 64 == 0) {
            ASSERT_EQ(node.memory.mapped(*block), type.mapping() == Mapping::mapped) << step;
        }
        live.push_back({*block, order, type});
        live_pages += Order{order}.pages().raw();
    }
    EXPECT_EQ(failures, 0U);
    std::vector<bool> owned(kNode.count.raw(), false);
    for (const Live& block : live)
        for (Pfn page = block.block; page < block.block + Order{block.order}.pages(); page += PageCount{1}) {
            ASSERT_FALSE(owned[(page - kNode.first).raw()]) << "two owners";
            owned[(page - kNode.first).raw()] = true;
            ASSERT_EQ(node.memory.mapped(page), block.type.mapping() == Mapping::mapped);
        }
    const PageCount tables{node.kernel.tables.given().size()};
    EXPECT_EQ(node.kernel.pages.free_pages(node.zone()) + PageCount{live_pages} + tables, kNode.count);
}

}  // namespace
}  // namespace splinter::alloc
