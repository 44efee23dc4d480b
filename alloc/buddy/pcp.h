// Per-CPU lists of one zone: struct per_cpu_pages of mm/page_alloc.c, Linux 6.1 and 6.12, with an extra bank of lists for each
// freetype with flags that has free lists, as the series has one for unmapped pages [C/M]; all banks share one count and one
// limit. LIFO lists per order and freetype; how much moves between them and the buddy is pcp_rules.h.
#pragma once

#include <algorithm>
#include <vector>

#include "alloc/buddy/frame_table.h"
#include "alloc/buddy/zone.h"

namespace splinter::alloc {

class PerCpuPages {
  public:
    static constexpr unsigned kThpOrder = 9;
    static constexpr std::size_t kLowLists = kPcpMigratetypes * (kCostlyOrder + 1);
    static constexpr std::size_t kThpLists = 2;  // movable, other
    static constexpr std::size_t kPlainLists = kLowLists + kThpLists;
    static constexpr std::size_t kBankLists = kCostlyOrder + 2;  // NR_UNMAPPED_PCP_LISTS, with transparent huge pages

    explicit PerCpuPages(const FreetypeIndex& freetypes = kSeriesFreetypes);

    // pcp_allowed_order()
    static constexpr bool serves(Order order) { return order.index() <= kCostlyOrder || order.index() == kThpOrder; }
    // order_to_pindex(); migratetypes without a list of their own use movable's, as free_unref_page() does.
    static std::size_t list_index(Order order, Migratetype type) {
        const Migratetype listed = static_cast<std::size_t>(type) < kPcpMigratetypes ? type : Migratetype::movable;
        if (order.index() > kCostlyOrder) return kLowLists + (listed == Migratetype::movable ? 1 : 0);
        return order.index() * kPcpMigratetypes + static_cast<std::size_t>(listed);
    }
    // The same for any freetype. REQUIRES: it has free lists.
    static std::size_t list_index(Order order, FreeType type, const FreetypeIndex& freetypes) {
        if (type.flags.none()) return list_index(order, type.migratetype);
        const std::size_t bank = *freetypes.of(type) - kMigratetypes;
        return kPlainLists + bank * kBankLists + std::min(order.index(), kCostlyOrder + 1);
    }
    static Order order_of(std::size_t list) {
        if (list < kLowLists) return Order{static_cast<unsigned>(list / kPcpMigratetypes)};
        if (list < kPlainLists) return Order{kThpOrder};
        const auto bank_order = static_cast<unsigned>((list - kPlainLists) % kBankLists);
        return Order{bank_order <= kCostlyOrder ? bank_order : kThpOrder};
    }
    // Of the blocks on a plain list, except for those whose type has no list of its own.
    static Migratetype type_of(std::size_t list);

    // All but the count, which is that of the lists.
    void configure(const PcpState& limits);
    [[nodiscard]] PcpState& state() { return state_; }
    [[nodiscard]] const PcpState& state() const { return state_; }
    [[nodiscard]] PageCount count() const { return state_.count; }
    // What one may know of the count without the lock: what it was when the lock was last released.
    [[nodiscard]] PageCount seen_count() const { return seen_count_; }
    void publish() { seen_count_ = state_.count; }
    [[nodiscard]] PageCount high() const { return state_.high; }
    [[nodiscard]] PageCount batch() const { return state_.batch; }
    // Pages on the lists of unmapped banks.
    [[nodiscard]] PageCount count_with(FreetypeFlag flag) const;
    [[nodiscard]] PageCount unmapped_count() const { return count_with(FreetypeFlag::unmapped); }

    MaybePfn pop(FrameTable& frames, std::size_t list) {
        const auto block = lists_[list].front();
        if (block) remove(frames, list, *block);
        return block;
    }
    // At the hot end, with the migratetype that its pageblock has now.
    void push(FrameTable& frames, std::size_t list, Pfn block, Order order, Migratetype type) {
        lists_[list].push_front(frames, block, FrameState::pcp(type), order);
        state_.count += order.pages();
    }
    void push(FrameTable& frames, std::size_t list, Pfn block, Migratetype type) {
        push(frames, list, block, order_of(list), type);
    }
    void push(FrameTable& frames, std::size_t list, Pfn block) { push(frames, list, block, type_on(list)); }
    // At the cold end: a refill keeps the buddy's order.
    void push_cold(FrameTable& frames, std::size_t list, Pfn block, Migratetype type);
    void push_cold(FrameTable& frames, std::size_t list, Pfn block) { push_cold(frames, list, block, type_on(list)); }
    struct Cold {
        Pfn block;
        Order order;
        Migratetype type;
    };
    // The coldest block of the next non-empty list from `list` on, round robin as free_pcppages_bulk() goes.
    std::optional<Cold> pop_cold(FrameTable& frames, std::size_t& list);
    // Takes a block off the list that holds it. REQUIRES: it is on that list.
    void remove(FrameTable& frames, std::size_t list, Pfn block) {
        state_.count -= frames.order(block).pages();
        lists_[list].remove(frames, block);
    }
    [[nodiscard]] const std::vector<BlockList>& lists() const { return lists_; }

  private:
    [[nodiscard]] Migratetype type_on(std::size_t list) const {
        return list < kPlainLists ? type_of(list) : banks_[(list - kPlainLists) / kBankLists].migratetype;
    }
    std::vector<BlockList> lists_;
    std::vector<FreeType> banks_;
    PcpState state_;
    PageCount seen_count_;
};

// rmqueue_bulk(): `blocks` blocks from the buddy to the cold end of a list. done(const BuddyWork&) after each. Returns how many
// it found. REQUIRES: zone lock held.
template <class Done>
unsigned rmqueue_bulk(Zone& zone, PerCpuPages& pcp, Order order, FreeType type, Fragmenting fragmenting, unsigned blocks,
                      Done&& done) {
    const std::size_t list = PerCpuPages::list_index(order, type, zone.freetypes());
    TakeMode mode = TakeMode::normal;
    for (unsigned found = 0; found < blocks; ++found) {
        BuddyWork work;
        const auto block = take_block(zone, order, type, mode, work, fragmenting);
        done(work);
        if (!block) return found;
        pcp.push_cold(zone.frames(), list, *block, type.migratetype);
    }
    return blocks;
}

// free_pcppages_bulk(): at least `pages` pages, or all there are, from the cold ends to the buddy, beginning with `list`.
// done(Order, const BuddyWork&) after each. REQUIRES: zone lock held.
template <class Done>
void free_pcppages_bulk(Zone& zone, PerCpuPages& pcp, PageCount pages, std::size_t list, Done&& done) {
    for (PageCount freed; freed < pages;) {
        const auto cold = pcp.pop_cold(zone.frames(), list);
        if (!cold) return;
        FreeType type = zone.pageblock_freetype(cold->block);
        if (zone.rules().drained_type == DrainedType::remembered) type.migratetype = cold->type;
        BuddyWork work;
        zone.free_block(cold->block, cold->order, type, work);
        if (zone.tracepoints() != nullptr) zone.tracepoints()->drained(cold->block, cold->order, type.migratetype);
        done(cold->order, work);
        freed += cold->order.pages();
    }
}

}  // namespace splinter::alloc
