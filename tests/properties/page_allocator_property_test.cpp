// The page allocator under each protecting strategy, on CPUs that interleave at every call on the port, with page-table pages
// that fail. At rest the owners of pages cover the zone exactly, and the page tables agree with what each page is.
#include <gtest/gtest.h>
// (rapidcheck's header needs the one above)
#include <rapidcheck/gtest.h>

#include <tuple>
#include <variant>

#include "tests/alloc/interleaving_cpu.h"
#include "tests/alloc/test_kernel.h"
#include "tests/properties/audit.h"

namespace splinter::alloc {
namespace {

// On both sides of a border between 1 GiB leaves, so that two of them can be split.
constexpr PfnRange kAllocatorSpan{Pfn{2 * kGiantPages.raw() - 2 * kLargestBlock.raw()}, times(kLargestBlock, 4)};
constexpr FreeType kKeyed{Migratetype::unmovable, FreetypeFlag::pgtable_key};

KernelParams small_batches(const FreetypeParams& freetype = {}, const std::string& freetypes = "unmapped:unmovable") {
    KernelParams params{
        .pcp_batch = 8, .pcp_high = 40, .batch_pages = 12, .deferred_pages = 5, .side_cache_keep = 700, .pcp_trylock_fails = 5};
    params.freetype = freetype;
    params.freetypes = freetypes;
    return params;
}

// The contract of a protecting strategy, as the CPUs' TLBs see it.
class ContractObserver : public MapObserver {
  public:
    ContractObserver(InterleavingMachine& machine, std::string_view strategy)
        : machine_{machine}, protection_{find_flush_strategy(strategy).protection} {}
    void handed_out(Cpu&, PfnRange range) override {
        if (protection_ == Protection::deferred) return;
        SPLINTER_CHECK(!machine_.any_caches(range), "a protected block is handed out while a TLB translates it");
    }

  private:
    InterleavingMachine& machine_;
    Protection protection_;
};

enum class Kind : std::uint8_t { ordinary, is_protected };

struct LiveBlock {
    Pfn block;
    Order order;
    Kind kind;
};

struct State : MovableOwner {
    State(std::string_view strategy, std::size_t cpus, std::uint64_t seed, const KernelParams& params)
        : machine{memory, cpus, seed, kAllocatorSpan}, observer{machine, strategy}, kernel{memory,
                                                                                           zones(freetype_lists(params)),
                                                                                           cpus,
                                                                                           params,
                                                                                           strategy,
                                                                                           observer} {
        machine.set_handler([this](Cpu& cpu, std::uint8_t) { kernel.calls.on_interrupt(cpu); });
        machine.set_on_switch([this] { check_unlocked_zone(); });
    }
    std::vector<Zone> zones(const FreetypeLists& freetypes) {
        std::vector<Zone> one;
        ZoneLayout layout = zone_layout(kAllocatorSpan);
        layout.watermark_min = PageCount{64};
        layout.watermark_low = PageCount{2048};  // half of the zone: the slow path is as common as the fast one
        layout.managed = PageCount{60'000};      // as of a zone that may reserve two pageblocks
        one.push_back(free_zone(std::move(layout), memory.frames(), kLinux6_12, freetypes));
        return one;
    }
    // Compaction moves what Allocate has registered.
    void moved(Pfn from, Pfn to, Order order) override {
        const auto at = std::find_if(live.begin(), live.end(), [from](const LiveBlock& block) { return block.block == from; });
        SPLINTER_CHECK(at != live.end() && at->order == order, "what moves is live");
        at->block = to;
        ++moves;
    }
    [[nodiscard]] const Zone& zone() const { return kernel.pages.zones().front(); }

    // At rest.
    void check_invariants() {
        Owners owners{kAllocatorSpan};
        audit_free_lists(zone(), owners);
        for (std::uint32_t i = 0; i < machine.cpu_count(); ++i) audit_pcp(zone(), kernel.pages.pcp(zone(), CpuId{i}), owners);
        std::set<Pfn> protected_pages;
        for (const LiveBlock& live_block : live) {
            owners.add(live_block.block, live_block.order, Owners::Owner::live);
            if (live_block.kind == Kind::is_protected)
                for (std::uint64_t i = 0; i < live_block.order.pages().raw(); ++i)
                    protected_pages.insert(live_block.block + PageCount{i});
        }
        for (Pfn table : kernel.tables.given()) owners.add(table, Order{0U}, Owners::Owner::page_table);
        const PageCount leaked{counted(&KernelCounters::pages_leaked)};
        SPLINTER_CHECK(owners.without_owner() == kernel.strategy->held() + leaked,
                       "pages without an owner are the strategy's stash, or leaked and counted");
        for (Pfn at = kAllocatorSpan.first; at < kAllocatorSpan.end(); at += PageCount{1}) {
            const bool stashed = owners[at] == Owners::Owner::nobody;
            if (stashed && leaked > PageCount{0}) continue;  // in whatever state the failure left it
            const bool unmapped = zone().pageblock_freetype(at).mapping() == Mapping::unmapped;
            SPLINTER_CHECK(memory.mapped(at) == !(unmapped || stashed || protected_pages.contains(at)),
                           "page frame " + std::to_string(at.raw()) + " is mapped as its owner needs it");
            SPLINTER_CHECK(!(unmapped && owners[at] == Owners::Owner::page_table), "page tables are never unmapped");
        }
    }
    [[nodiscard]] std::uint64_t counted(std::uint64_t KernelCounters::*counter) {
        std::uint64_t sum = 0;
        for (std::uint32_t i = 0; i < machine.cpu_count(); ++i) sum += kernel.counters(CpuId{i}).*counter;
        return sum;
    }
    // Between two calls: what no lock covers satisfies its invariants.
    void check_unlocked_zone() {
        if (++switches % 32 != 0 || machine.locks().owner(kFirstZoneLock)) return;
        Owners owners{kAllocatorSpan};
        audit_free_lists(zone(), owners);
        zone().for_each_free([&](Pfn block, Order, std::size_t) {
            SPLINTER_CHECK(memory.mapped(block) == (zone().pageblock_freetype(block).mapping() == Mapping::mapped),
                           "a free block is mapped as its list says");
        });
    }

    TestMemory memory;
    InterleavingMachine machine;
    ContractObserver observer;
    TestKernel kernel;
    std::vector<LiveBlock> live;
    std::uint64_t moves = 0;
    std::uint64_t switches = 0;
};

struct Allocate {
    Order order;
    FreeType type;
    Blocking blocking;
    Reserves reserves = Reserves::untouched;

    void perform(State& state, Cpu& cpu) const {
        const auto block = state.kernel.pages.alloc_pages(cpu, {order, type, blocking, {}, Contents::any, reserves});
        if (!block) return;
        state.live.push_back({*block, order, Kind::ordinary});
        if (type.migratetype == Migratetype::movable && order < kPageblockOrder)
            state.kernel.pages.movable().add(*block, order, state);
    }
    friend std::ostream& operator<<(std::ostream& out, const Allocate& allocate) {
        return out << "Allocate{" << allocate.order.index() << ", " << allocate.type
                   << (allocate.blocking == Blocking::may_block ? "" : ", may_not_block") << "}";
    }
};

struct Acquire {
    Order order;
    Blocking blocking;

    void perform(State& state, Cpu& cpu) const {
        const auto block = state.kernel.strategy->acquire(cpu, {order, kUnmovable, blocking, {}});
        if (block) state.live.push_back({*block, order, Kind::is_protected});
    }
    friend std::ostream& operator<<(std::ostream& out, const Acquire& acquire) {
        return out << "Acquire{" << acquire.order.index() << (acquire.blocking == Blocking::may_block ? "" : ", may_not_block")
                   << "}";
    }
};

// Any CPU's block.
struct Release {
    std::size_t which;

    void perform(State& state, Cpu& cpu) const {
        if (state.live.empty()) return;
        const auto at = state.live.begin() + static_cast<std::ptrdiff_t>(which % state.live.size());
        const LiveBlock gone = *at;
        state.live.erase(at);  // before the first call: another CPU may look for one meanwhile
        state.kernel.pages.movable().remove(gone.block);
        if (gone.kind == Kind::is_protected)
            state.kernel.strategy->release(cpu, gone.block, gone.order);
        else
            state.kernel.pages.free_pages(cpu, gone.block, gone.order);
    }
    friend std::ostream& operator<<(std::ostream& out, const Release& release) {
        return out << "Release{" << release.which << "}";
    }
};

// From now on, page-table pages can be had so often, and then so often not.
struct FailPageTablePages {
    std::uint64_t successes;
    std::uint64_t failures;

    void perform(State& state, Cpu&) const { state.kernel.tables.fail_after(successes, failures); }
    friend std::ostream& operator<<(std::ostream& out, const FailPageTablePages& fail) {
        return out << "FailPageTablePages{" << fail.successes << ", " << fail.failures << "}";
    }
};

// Periodic work: one block ahead of demand, or one back.
struct Ahead {
    Mapping to;

    void perform(State& state, Cpu& cpu) const {
        Flips* const flips = state.kernel.pages.flips();
        if (flips == nullptr) return;
        Zone& zone = state.kernel.pages.zones().front();
        (void)(to == Mapping::unmapped ? flips->unmap_ahead(cpu, zone) : flips->map_back(cpu, zone));
    }
    friend std::ostream& operator<<(std::ostream& out, const Ahead& ahead) {
        return out << "Ahead{" << (ahead.to == Mapping::unmapped ? "unmap" : "map back") << "}";
    }
};

struct Operation {
    std::uint32_t cpu;
    std::variant<Allocate, Acquire, Release, FailPageTablePages, Ahead> what;

    void perform(State& state, Cpu& on) const {
        std::visit([&](const auto& operation) { operation.perform(state, on); }, what);
    }
    friend std::ostream& operator<<(std::ostream& out, const Operation& operation) {
        out << "CPU " << operation.cpu << " ";
        std::visit([&](const auto& chosen) { out << chosen; }, operation.what);
        return out;
    }
};

template <class... Generators>
rc::Gen<Order> order_of(Generators... generators) {
    return rc::gen::map(rc::gen::oneOf(generators...), [](unsigned order) { return Order{order}; });
}

enum class Keys : std::uint8_t { in_use, unknown };

rc::Gen<Operation> any_operation(std::uint32_t cpus, Keys keys) {
    // Half of the orders are those that per-CPU lists serve.
    const auto order = order_of(rc::gen::inRange(0U, 4U), rc::gen::inRange(0U, kOrders));
    const auto type = rc::gen::element(kUnmovable, keys == Keys::in_use ? kKeyed : kUnmovable, kMovable,
                                       kMovable.with(Migratetype::reclaimable));
    const auto blocking = rc::gen::weightedElement<Blocking>({{4, Blocking::may_block}, {1, Blocking::may_not_block}});
    const auto reserves = rc::gen::element(Reserves::untouched, Reserves::may_use);
    const auto on_any_cpu = [cpus](const auto& generator) {
        return rc::gen::apply(
            [](std::uint32_t cpu, const auto& operation) {
                return Operation{cpu, operation};
            },
            rc::gen::inRange(0U, cpus), generator);
    };
    return rc::gen::weightedOneOf<Operation>(
        {{4, on_any_cpu(rc::gen::construct<Allocate>(order, type, blocking, reserves))},
         {6, on_any_cpu(rc::gen::construct<Acquire>(order, blocking))},
         {8, on_any_cpu(rc::gen::construct<Release>(rc::gen::arbitrary<std::size_t>()))},
         {1, on_any_cpu(rc::gen::construct<Ahead>(rc::gen::element(Mapping::unmapped, Mapping::mapped)))},
         {1, on_any_cpu(rc::gen::construct<FailPageTablePages>(rc::gen::inRange<std::uint64_t>(1, 3),
                                                               rc::gen::inRange<std::uint64_t>(0, 3)))}});
}

using Round = std::vector<Operation>;

// The operations of one CPU in their order, those of different CPUs interleaved.
void run(State& state, const Round& round) {
    std::vector<InterleavingMachine::Script> scripts;
    for (std::uint32_t i = 0; i < state.machine.cpu_count(); ++i)
        scripts.emplace_back([&state, &round, i](Cpu& cpu) {
            for (const Operation& operation : round)
                if (operation.cpu == i) operation.perform(state, cpu);
        });
    state.machine.run(scripts);
}

void holds_under(std::string_view strategy, const KernelParams& params = small_batches(), Keys keys = Keys::unknown) {
    const auto cpus = *rc::gen::inRange(2U, 5U);
    State state{strategy, cpus, *rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>()), params};
    for (const Round& round : *rc::gen::resize(4, rc::gen::container<std::vector<Round>>(rc::gen::resize(
                                                      24, rc::gen::container<Round>(any_operation(cpus, keys)))))) {
        run(state, round);
        state.check_invariants();
    }
    while (!state.live.empty()) run(state, {Operation{0, Release{0}}});
    state.check_invariants();
}

RC_GTEST_PROP(InterleavedAllocator, KeepsPagesAndPageTablesConsistentUnderFreetype, ()) { holds_under("freetype"); }
RC_GTEST_PROP(InterleavedAllocator, KeepsPagesAndPageTablesConsistentUnderPerPage, ()) { holds_under("per-page"); }
RC_GTEST_PROP(InterleavedAllocator, KeepsPagesAndPageTablesConsistentUnderBatched, ()) { holds_under("batched"); }
RC_GTEST_PROP(InterleavedAllocator, KeepsPagesAndPageTablesConsistentUnderSideCache, ()) { holds_under("side-cache"); }
RC_GTEST_PROP(InterleavedAllocator, KeepsPagesAndPageTablesConsistentUnderBatchedDeferred, ()) {
    holds_under("batched-deferred");
}

RC_GTEST_PROP(InterleavedAllocator, KeepsTwoFlagsApartUnderEachGenerationAndKnob, ()) {
    FreetypeParams freetype;
    freetype.generation = *rc::gen::element<std::string>("late", "early");
    freetype.flip_unit = *rc::gen::element<std::string>("2MiB", "64KiB", "1GiB");
    freetype.scrub = *rc::gen::element<std::string>("generation", "on-remap", "on-free", "on-alloc");
    freetype.refill_flips = *rc::gen::arbitrary<bool>();
    const auto freetypes = *rc::gen::element<std::string>(
        "unmapped:unmovable,pgtable-key:unmovable", "unmapped+pgtable-key:unmovable,unmapped:unmovable,pgtable-key:unmovable",
        "pgtable-key:unmovable+movable,unmapped:unmovable+movable+reclaimable");
    holds_under("freetype", small_batches(freetype, freetypes), Keys::in_use);
}

// --- page-table pages fail one at a time ---

// The same operations on the same schedule: everything taken unmapped, given back, taken mapped, and back.
void fill_and_empty(State& state) {
    const auto all_of = [&state](const auto& operation) {
        Round round;
        for (int i = 0; i < 24; ++i) round.push_back({static_cast<std::uint32_t>(i % 2), operation});
        run(state, round);
        state.check_invariants();
    };
    all_of(Acquire{Order{3U}, Blocking::may_block});
    all_of(Acquire{Order{9U}, Blocking::may_block});
    all_of(Release{3});
    all_of(Allocate{Order{3U}, kUnmovable, Blocking::may_block});
    all_of(Allocate{Order{9U}, kKeyed, Blocking::may_block});
    all_of(Release{1});
    all_of(Allocate{Order{8U}, kMovable, Blocking::may_block});
    all_of(Acquire{Order{0U}, Blocking::may_block});
    all_of(Release{0});
}

struct FailureInTurn : ::testing::TestWithParam<std::tuple<const char*, const char*>> {
    [[nodiscard]] KernelParams params() const {
        FreetypeParams freetype;
        freetype.generation = std::get<0>(GetParam());
        freetype.flip_unit = std::get<1>(GetParam());
        return small_batches(freetype, "unmapped:unmovable,pgtable-key:unmovable");
    }
};

TEST_P(FailureInTurn, LosesNoPageButThoseThatEarlyLeaksAndCounts) {
    constexpr std::uint64_t kSeed = 7;
    const bool late = std::string_view{std::get<0>(GetParam())} == "late";
    for (std::uint64_t failing = 0;; ++failing) {
        State state{"freetype", 2, kSeed, params()};
        state.kernel.tables.fail_only(failing);
        fill_and_empty(state);
        const bool failed = state.kernel.tables.requests() > failing;
        EXPECT_EQ(state.counted(&KernelCounters::flips_rolled_back), failed && late ? 1U : 0U) << failing;
        EXPECT_EQ(state.counted(&KernelCounters::flips_leaked), failed && !late ? 1U : 0U) << failing;
        EXPECT_EQ(state.counted(&KernelCounters::pages_leaked) > 0, failed && !late) << failing;
        if (failed) continue;
        EXPECT_GE(failing, 2U);  // the two leaves of 1 GiB at least
        return;
    }
}

INSTANTIATE_TEST_SUITE_P(Flips, FailureInTurn,
                         ::testing::Combine(::testing::Values("late", "early"), ::testing::Values("64KiB", "2MiB")),
                         [](const auto& row) { return std::string{std::get<0>(row.param)} + "_" + std::get<1>(row.param); });

}  // namespace
}  // namespace splinter::alloc
