#include "alloc/buddy/zone.h"

#include <algorithm>
#include <bit>

#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

Pfn buddy_of(Pfn block, Order order) { return Pfn{block.raw() ^ order.pages().raw()}; }
Pfn align_down(Pfn pfn, Order order) { return Pfn{pfn.raw() & ~(order.pages().raw() - 1)}; }

}  // namespace

Zone::Zone(ZoneLayout layout, FrameTable& frames, const KernelRules& rules, const FreetypeLists& freetypes)
    : layout_{std::move(layout)},
      frames_{&frames},
      index_{freetypes.index},
      flag_unit_{freetypes.flag_unit},
      lists_(kOrders * freetypes.index.size()),
      rules_{&rules} {
    SPLINTER_CHECK(flag_unit_ <= kPageblockOrder, "flags are kept per pageblock or finer");
    const std::vector<std::uint64_t>& reserve = layout_.lowmem_reserve;
    for (std::size_t kind = 0; kind < kZoneKinds && !reserve.empty(); ++kind)
        lowmem_reserve_[kind] = PageCount{reserve[std::min(kind, reserve.size() - 1)]};
    if (layout_.span.count == PageCount{0}) return;
    const Pfn last{layout_.span.end().raw() - 1};
    migratetypes_.resize(pageblock_index(last) + 1);
    if (index_.flagged() > 0) unit_flags_.resize(unit_index(last) + 1);
}

void Zone::add_wilderness(PfnRange range) {
    SPLINTER_CHECK(range.first == align_down(range.first, kMaxOrder) && range.end() == align_down(range.end(), kMaxOrder),
                   "wilderness is aligned to the largest order");
    if (range.count == PageCount{0}) return;
    wilderness_.push_back(range);
    now_.free += range.count;
    see_list(kMaxOrder, *index_.of(kMovable));
    free_pages_blocks_[static_cast<std::size_t>(Mapping::mapped)] += range.count;
}

void Zone::add_free_block(Pfn block, Order order, Migratetype list) { link(block, order, {list, Mapping::mapped}, true); }

void Zone::set_pageblock_migratetype(Pfn pfn, Migratetype migratetype) {
    const std::size_t index = pageblock_index(pfn);
    if (migratetypes_[index].now == migratetype) return;
    migratetypes_[index].now = migratetype;
    unpublished_.push_back(index);
}

void Zone::publish_migratetypes() {
    for (const std::size_t index : unpublished_) migratetypes_[index].seen = migratetypes_[index].now;
    unpublished_.clear();
}

void Zone::set_flags(PfnRange range, FreetypeFlags flags) {
    SPLINTER_CHECK(flags.none() || !unit_flags_.empty(), "flags are set where some freetype has them");
    if (unit_flags_.empty()) return;
    for (Pfn at = range.first; at < range.end(); at += flag_unit_.pages())
        if (at + flag_unit_.pages() > layout_.span.first && at < layout_.span.end()) unit_flags_[unit_index(at)] = flags;
}

void Zone::set_pageblock_flags(Pfn pfn, FreetypeFlags flags) {
    set_flags({align_down(pfn, kPageblockOrder), kPageblockOrder.pages()}, flags);
}

bool Zone::has_uniform_flags(Pfn pfn) const {
    if (unit_flags_.empty() || flag_unit_ == kPageblockOrder) return true;
    const Pfn start = align_down(pfn, kPageblockOrder);
    const FreetypeFlags first = flags_of(pfn);
    for (Pfn at = start; at < start + kPageblockOrder.pages(); at += flag_unit_.pages())
        if (contains(at) && flags_of(at) != first) return false;
    return true;
}

void Zone::set_pageblocks(Pfn block, Order order, Migratetype migratetype) {
    for (Pfn at = block; at < block + order.pages(); at += kPageblockOrder.pages()) set_pageblock_migratetype(at, migratetype);
}

bool Zone::pageblock_inside(Pfn pfn) const {
    const Pfn first = align_down(pfn, kPageblockOrder);
    return first >= layout_.span.first && first + kPageblockOrder.pages() <= layout_.span.end();
}

// `pages` of a block that leaves are negative: its two's complement.
void Zone::add_to_counters(Order order, FreeType type, PageCount pages) {
    now_.free += pages;
    if (type.migratetype == Migratetype::highatomic) now_.highatomic_free += pages;
    if (order >= kPageblockOrder) free_pages_blocks_[static_cast<std::size_t>(type.mapping())] += pages;
    if (type.flags.none()) return;
    for (const FreetypeFlag flag : kAllFreetypeFlags)
        if (type.flags.has(flag)) flagged_free_pages_[static_cast<std::size_t>(flag)] += pages;
}

// Whether the list has a block, into the view; the one of the wilderness has blocks that it does not list yet.
void Zone::see_list(Order order, std::size_t list) {
    const bool has = !list_of(order, list).empty() || is_wilderness_list(order, list);
    const auto bit = static_cast<std::uint16_t>(1U << order.index());
    now_.orders[list] = static_cast<std::uint16_t>(has ? now_.orders[list] | bit : now_.orders[list] & ~bit);
}

void Zone::link(Pfn block, Order order, FreeType type, bool tail) {
    const auto list = index_.of(type);
    SPLINTER_CHECK(list.has_value(), "a free block's freetype has a list");
    BlockList& blocks = list_of(order, *list);
    const FrameState state = FrameState::buddy(type.migratetype);
    tail ? blocks.push_back(*frames_, block, state, order) : blocks.push_front(*frames_, block, state, order);
    now_.orders[*list] |= static_cast<std::uint16_t>(1U << order.index());
    add_to_counters(order, type, order.pages());
}

void Zone::unlink(Pfn block) {
    const Order order = frames_->order(block);
    const FreeType type = list_type_of(block);
    const std::size_t list = *index_.of(type);
    list_of(order, list).remove(*frames_, block);
    if (list_of(order, list).empty()) see_list(order, list);
    add_to_counters(order, type, PageCount{0} - order.pages());
}

std::optional<Pfn> Zone::list_wilderness() {
    if (wilderness_used_ == wilderness_.size()) return std::nullopt;
    PfnRange& range = wilderness_[wilderness_used_];
    const Pfn block = range.first;
    range = {block + kMaxOrder.pages(), range.count - kMaxOrder.pages()};
    if (range.count == PageCount{0}) ++wilderness_used_;
    add_to_counters(kMaxOrder, kMovable, PageCount{0} - kMaxOrder.pages());  // counted since boot; link() counts it again
    link(block, kMaxOrder, kMovable, true);
    return block;
}

std::uint64_t Zone::free_blocks(Order order) const {
    std::uint64_t blocks = 0;
    for (std::size_t list = 0; list < index_.size(); ++list) blocks += list_of(order, list).size();
    if (order != kMaxOrder) return blocks;
    for (std::size_t i = wilderness_used_; i < wilderness_.size(); ++i)
        blocks += wilderness_[i].count.raw() / kMaxOrder.pages().raw();
    return blocks;
}

bool Zone::has_free(Order order, FreeType type) const {
    const auto list = index_.of(type);
    return list && now_.has_free(order, *list);
}

std::optional<Pfn> Zone::first(Order order, FreeType type) {
    const auto list = index_.of(type);
    if (!list) return std::nullopt;
    const auto listed = list_of(order, *list).front();
    if (listed || order != kMaxOrder || type != kMovable) return listed;
    return list_wilderness();
}

std::optional<Pfn> Zone::take_smallest(Order order, FreeType type, BuddyWork& work) {
    const auto list = index_.of(type);
    const unsigned sufficient = list ? unsigned{now_.orders[*list]} >> order.index() : 0;
    if (sufficient == 0) return std::nullopt;
    const Order high{order.index() + static_cast<unsigned>(std::countr_zero(sufficient))};
    const auto block = first(high, type);
    unlink(*block);
    expand(*block, order, high, type, work);
    if (tracepoints_ != nullptr) tracepoints_->taken(*block, order, type.migratetype);
    return block;
}

void Zone::expand(Pfn block, Order low, Order high, FreeType type, BuddyWork& work) {
    while (high > low) {
        high = high.prev();
        ++work.splits;
        link(block + high.pages(), high, type, false);
    }
}

// __free_one_page() with can_merge_freetypes() [C]: below pageblock order buddies share a pageblock, and so a flag unit if that
// is not smaller; from it on they merge if the freetypes are equal, or both migratetypes are mergeable and the flags are the
// same. What counts of the block is the type that it is freed as.
bool Zone::can_merge(Pfn buddy, Order order, FreeType type) const {
    if (!contains(buddy) || !frames_->state(buddy).in_buddy() || frames_->order(buddy) != order) return false;
    if (order < flag_unit_) return true;
    if (order < kPageblockOrder) return type.flags == flags_of(buddy);
    const FreeType other = pageblock_freetype(buddy);
    if (type == other) return true;
    return type.flags == other.flags && mergeable(type.migratetype) && mergeable(other.migratetype);
}

// buddy_merge_likely(): if the block's future buddy is free too, queue it at the tail so that it stays and can merge.
bool Zone::merge_likely(Pfn block, Order order) const {
    if (order >= kMaxOrder.prev()) return false;
    const Pfn combined = align_down(block, order.next());
    const Pfn higher_buddy = buddy_of(combined, order.next());
    return contains(higher_buddy) && frames_->state(higher_buddy).in_buddy() && frames_->order(higher_buddy) == order.next();
}

void Zone::free_block(Pfn block, Order order, FreeType type, BuddyWork& work) {
    while (order < kMaxOrder) {
        const Pfn buddy = buddy_of(block, order);
        if (!can_merge(buddy, order, type)) break;
        if (order >= kPageblockOrder && rules_->merged_pageblock == MergedPageblock::takes_the_freed_type)
            set_pageblocks(buddy, order, type.migratetype);
        unlink(buddy);
        block = Pfn{block.raw() & buddy.raw()};
        order = order.next();
        ++work.merges;
    }
    link(block, order, type, merge_likely(block, order));
}

void Zone::free_directly(Pfn block, Order order, BuddyWork& work) {
    const Order piece = rules_->large_free == LargeFree::by_pageblocks ? std::min(order, kPageblockOrder) : order;
    for (Pfn at = block; at < block + order.pages(); at += piece.pages()) free_block(at, piece, pageblock_freetype(at), work);
}

std::optional<Pfn> Zone::free_block_of(Pfn pfn) const {
    for (Order order{0U}; order <= kMaxOrder; order = order.next()) {
        const Pfn block = align_down(pfn, order);
        if (contains(block) && frames_->state(block).in_buddy() && frames_->order(block) >= order) return block;
    }
    return std::nullopt;
}

void Zone::requeue(Pfn block, FreeType type) {
    const Order order = frames_->order(block);
    unlink(block);
    link(block, order, type, true);
}

std::vector<std::pair<Pfn, Order>> Zone::blocks_in_pageblock(Pfn pfn) const {
    std::vector<std::pair<Pfn, Order>> blocks;
    const Pfn start = align_down(pfn, kPageblockOrder);
    for (Pfn at = start; at < start + kPageblockOrder.pages();) {
        const bool is_free = contains(at) && frames_->state(at).in_buddy();
        const Order order = is_free ? frames_->order(at) : Order{0U};
        if (is_free) blocks.emplace_back(at, order);
        at += order.pages();
    }
    return blocks;
}

PageCount Zone::free_in_pageblock(Pfn pfn) const {
    PageCount pages;
    for (const auto& [block, order] : blocks_in_pageblock(pfn)) pages += order.pages();
    return pages;
}

PageCount Zone::move_pageblock(Pfn pfn, FreeType type, BuddyWork& work) {
    const Pfn start = align_down(pfn, kPageblockOrder);
    if (!index_.has_list(type) || !has_uniform_flags(pfn)) return PageCount{0};
    if (start + kPageblockOrder.pages() > layout_.span.end()) return PageCount{0};
    Pfn from = start;
    if (start < layout_.span.first) {
        if (rules_->edge_pageblock == EdgePageblock::is_left_alone) return PageCount{0};
        from = pfn;
    }
    PageCount moved;
    for (const auto& [block, order] : blocks_in_pageblock(pfn)) {
        if (block < from) continue;
        requeue(block, type);
        moved += order.pages();
    }
    ++work.pageblocks_moved;
    return moved;
}

}  // namespace splinter::alloc
