// The buddy allocator alone: after any sequence of operations its lists and the live blocks cover the zone exactly.
#include <gtest/gtest.h>
// (rapidcheck's header needs the one above)
#include <rapidcheck/gtest.h>

#include <variant>

#include "alloc/buddy/fallback.h"
#include "tests/alloc/test_memory.h"
#include "tests/properties/audit.h"

namespace splinter::alloc {
namespace {

constexpr PfnRange kZoneSpan{Pfn{3 * kLargestBlock.raw()}, times(kLargestBlock, 4)};
constexpr FreeType kKeyedType{Migratetype::unmovable, FreetypeFlag::pgtable_key};
const FreetypeLists kTwoFlags{FreetypeIndex::parse("unmapped:unmovable,pgtable-key:unmovable"), kPageblockOrder};

struct ZoneState {
    enum class Boot : std::uint8_t { wilderness, listed };
    explicit ZoneState(Boot boot)
        : frames{times(kLargestBlock, 8)}, zone{zone_layout(kZoneSpan), frames, kLinux6_12, kTwoFlags} {
        if (boot == Boot::wilderness) {
            zone.add_wilderness(kZoneSpan);
            return;
        }
        for (Pfn at = kZoneSpan.first; at < kZoneSpan.end(); at += kLargestBlock)
            zone.add_free_block(at, kMaxOrder, Migratetype::movable);
    }

    void check_invariants() const {
        Owners owners{kZoneSpan};
        audit_free_lists(zone, owners);
        for (const auto& [block, order] : live) owners.add(block, order, Owners::Owner::live);
        SPLINTER_CHECK(owners.without_owner() == PageCount{0}, "every page is free or live");
    }

    FrameTable frames;
    Zone zone;
    std::vector<std::pair<Pfn, Order>> live;
    std::vector<std::uint64_t> handed_out;  // all blocks ever, in order
};

// A series of blocks, as a refill takes them.
struct Take {
    Order order;
    FreeType type;
    unsigned blocks = 1;

    void perform(ZoneState& state) const {
        TakeMode mode = TakeMode::normal;
        for (unsigned i = 0; i < blocks; ++i) {
            BuddyWork work;
            const auto block = take_block(state.zone, order, type, mode, work);
            if (!block) return;
            SPLINTER_CHECK(block->raw() % order.pages().raw() == 0, "a block is aligned to its size");
            SPLINTER_CHECK(state.zone.pageblock_freetype(*block).flags == type.flags, "a block is mapped as asked");
            state.live.emplace_back(*block, order);
            state.handed_out.push_back(block->raw());
        }
    }
    friend std::ostream& operator<<(std::ostream& out, const Take& take) {
        return out << "Take{" << take.order.index() << ", " << take.type << ", " << take.blocks << "}";
    }
};

struct Free {
    std::size_t which;  // of the live blocks, modulo their number

    void perform(ZoneState& state) const {
        if (state.live.empty()) return;
        const auto at = state.live.begin() + static_cast<std::ptrdiff_t>(which % state.live.size());
        const auto [block, order] = *at;
        state.live.erase(at);
        const Order piece = std::min(order, kPageblockOrder);
        for (Pfn from = block; from < block + order.pages(); from += piece.pages()) {
            BuddyWork work;
            state.zone.free_block(from, piece, state.zone.pageblock_freetype(from), work);
        }
    }
    friend std::ostream& operator<<(std::ostream& out, const Free& free) { return out << "Free{" << free.which << "}"; }
};

// A whole free pageblock of other flags, of which one block is kept: what __rmqueue_direct_map() does to the lists.
struct Flip {
    Order order;
    FreeType wanted;
    FreetypeFlag flag;  // in which the block differs

    void perform(ZoneState& state) const {
        TakeMode mode = TakeMode::normal;
        BuddyWork work;
        const Order whole = std::max(order, kPageblockOrder);
        const auto block = take_block(state.zone, whole, wanted.with(wanted.flags.toggled(flag)), mode, work);
        if (!block) return;
        for (Pfn at = *block; at < *block + whole.pages(); at += kPageblock) {
            state.zone.set_pageblock_migratetype(at, wanted.migratetype);
            state.zone.set_pageblock_flags(at, wanted.flags);
        }
        state.zone.expand(*block, order, whole, wanted, work);
        state.live.emplace_back(*block, order);
        state.handed_out.push_back(block->raw());
    }
    friend std::ostream& operator<<(std::ostream& out, const Flip& flip) {
        return out << "Flip{" << flip.order.index() << ", " << flip.wanted << "}";
    }
};

// A range of two largest blocks at once.
struct TakeRange {
    FreetypeFlags flags;

    void perform(ZoneState& state) const {
        BuddyWork work;
        const auto range = state.zone.take_free_range(times(kLargestBlock, 2), flags, work);
        if (!range) return;
        SPLINTER_CHECK(range->first.raw() % range->count.raw() == 0, "a range is aligned to its size");
        for (Pfn at = range->first; at < range->end(); at += kLargestBlock) state.live.emplace_back(at, kMaxOrder);
        state.handed_out.push_back(range->first.raw());
    }
    friend std::ostream& operator<<(std::ostream& out, const TakeRange& take) {
        return out << "TakeRange{" << FreeType{Migratetype::unmovable, take.flags} << "}";
    }
};

struct ZoneOperation {
    std::variant<Take, Free, Flip, TakeRange> what;
    void perform(ZoneState& state) const {
        std::visit([&](const auto& operation) { operation.perform(state); }, what);
    }
    friend std::ostream& operator<<(std::ostream& out, const ZoneOperation& operation) {
        std::visit([&](const auto& chosen) { out << chosen; }, operation.what);
        return out;
    }
};

rc::Gen<Order> any_order() {
    return rc::gen::map(rc::gen::inRange(0U, kOrders), [](unsigned order) { return Order{order}; });
}

rc::Gen<ZoneOperation> any_zone_operation() {
    const auto any_type =
        rc::gen::element(kMovable, kUnmovable, kMovable.with(Migratetype::reclaimable), kUnmovableUnmapped, kKeyedType);
    const auto flipped = rc::gen::element(kUnmovable, kUnmovableUnmapped, kKeyedType);
    const auto flag = rc::gen::element(FreetypeFlag::unmapped, FreetypeFlag::pgtable_key);
    const auto flags = rc::gen::element(FreetypeFlags{}, FreetypeFlags{}, kUnmovableUnmapped.flags, kKeyedType.flags);
    const auto wrap = [](const auto& operation) { return ZoneOperation{operation}; };
    return rc::gen::weightedOneOf<ZoneOperation>(
        {{4, rc::gen::map(rc::gen::construct<Take>(any_order(), any_type, rc::gen::inRange(1U, 20U)), wrap)},
         {4, rc::gen::map(rc::gen::construct<Free>(rc::gen::arbitrary<std::size_t>()), wrap)},
         {1, rc::gen::map(rc::gen::construct<TakeRange>(flags), wrap)},
         {1, rc::gen::map(rc::gen::construct<Flip>(any_order(), flipped, flag), wrap)}});
}

RC_GTEST_PROP(Buddy, ListsAndLiveBlocksCoverTheZoneExactlyAndNoMergeIsMissed, ()) {
    ZoneState state{*rc::gen::element(ZoneState::Boot::wilderness, ZoneState::Boot::listed)};
    for (const ZoneOperation& operation : *rc::gen::container<std::vector<ZoneOperation>>(any_zone_operation())) {
        operation.perform(state);
        state.check_invariants();
    }
}

RC_GTEST_PROP(Buddy, AllMemoryMergesAgainWhenEverythingIsFreed, ()) {
    ZoneState state{ZoneState::Boot::wilderness};
    for (const ZoneOperation& operation : *rc::gen::container<std::vector<ZoneOperation>>(any_zone_operation()))
        if (!std::holds_alternative<Flip>(operation.what)) operation.perform(state);
    while (!state.live.empty()) Free{0}.perform(state);
    std::size_t blocks = 0;
    state.zone.for_each_free([&](Pfn, Order order, std::size_t) {
        RC_ASSERT(order == kMaxOrder);
        ++blocks;
    });
    RC_ASSERT(blocks == kZoneSpan.count.raw() / kLargestBlock.raw());
}

RC_GTEST_PROP(Buddy, WildernessServesTheSameBlocksAsAnAllListedZone, ()) {
    ZoneState wilderness{ZoneState::Boot::wilderness};
    ZoneState listed{ZoneState::Boot::listed};
    for (const ZoneOperation& operation : *rc::gen::container<std::vector<ZoneOperation>>(any_zone_operation())) {
        operation.perform(wilderness);
        operation.perform(listed);
        RC_ASSERT(wilderness.handed_out == listed.handed_out);
        RC_ASSERT(wilderness.zone.free_pages() == listed.zone.free_pages());
    }
}

}  // namespace
}  // namespace splinter::alloc
