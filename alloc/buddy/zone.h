// The buddy allocator of one zone: free areas by order and freetype, pageblocks with migratetype and flags, merge and split.
// struct zone, struct free_area; __free_one_page(), expand(), __rmqueue_smallest(), move_freepages_block() of mm/page_alloc.c,
// Linux 6.1 and 6.12 (kernel_rules.h: what differs).
//
// Untimed data structure: who calls it holds the zone lock and charges the work that it reports (BuddyWork).
// Blocks that were never allocated since boot stand on no list but in one range per zone ("wilderness"), handed out in the
// order in which boot would have queued them, behind the listed movable blocks of order 10.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "alloc/buddy/frame_table.h"
#include "alloc/buddy/freetype_index.h"
#include "alloc/buddy/kernel_rules.h"
#include "alloc/buddy/tracepoints.h"
#include "alloc/buddy/zone_watcher.h"
#include "alloc/gfp.h"

namespace splinter::alloc {

inline constexpr unsigned kOrders = 11;  // MAX_PAGE_ORDER + 1
inline constexpr Order kMaxOrder{10U};
inline constexpr Order kPageblockOrder{9U};  // 2 MiB on x86-64

// What an operation on the free lists did: the caller turns it into cycles.
struct BuddyWork {
    unsigned splits = 0;
    unsigned merges = 0;
    unsigned fallbacks = 0;
    unsigned pageblocks_moved = 0;
    unsigned ranges_searched = 0;  // of more than the largest block
};

// Which freetypes have lists, and how finely flags are kept: per pageblock as in the series, or per smaller unit.
struct FreetypeLists {
    FreetypeIndex index = kSeriesFreetypes;
    Order flag_unit = kPageblockOrder;  // at most a pageblock
};

struct ZoneLayout {
    std::string name;
    ZoneIndex index{0};
    PfnRange span;  // start_pfn, spanned
    PageCount managed;
    PageCount watermark_min;
    std::vector<std::uint64_t> lowmem_reserve;  // pages, by the highest zone of the request; the last is for all behind it
    PageCount watermark_high{};                 // 0: the zone is never below it
    ZoneKind kind = ZoneKind::dma32;  // normal: kept from fragmenting if there is a lower one (alloc_flags_nofragment())
    PageCount watermark_low{};        // less than the minimum: the minimum
    NodeId node{0};
};

// What one may know of a zone without its lock, beside the types of pageblocks: the counters of vmstat and which lists have
// blocks, as of the last release of the lock (zone_lock.h).
struct ZoneView {
    PageCount free;
    PageCount highatomic_free;
    PageCount highatomic_reserved;
    std::array<std::uint16_t, FreetypeIndex::kMost> orders{};  // by list; bit i: it has a block of order i
    [[nodiscard]] bool has_free(Order order, std::size_t list) const { return (orders[list] >> order.index() & 1U) != 0; }
};

class Zone {
  public:
    Zone(ZoneLayout layout, FrameTable& frames, const KernelRules& rules = kLinux6_12, const FreetypeLists& freetypes = {});
    Zone(Zone&&) = default;

    [[nodiscard]] const ZoneLayout& layout() const { return layout_; }
    [[nodiscard]] const KernelRules& rules() const { return *rules_; }
    [[nodiscard]] const FreetypeIndex& freetypes() const { return index_; }
    [[nodiscard]] PageCount free_pages() const { return now_.free; }
    // Free pages that the zone keeps from requests which may use a higher zone (lowmem_reserve[highest_zoneidx]).
    [[nodiscard]] PageCount lowmem_reserve(ZoneKind highest_zone) const {
        return lowmem_reserve_[static_cast<std::size_t>(highest_zone)];
    }
    [[nodiscard]] PageCount free_pages_with(FreetypeFlag flag) const {
        return flagged_free_pages_[static_cast<std::size_t>(flag)];
    }
    [[nodiscard]] PageCount unmapped_free_pages() const { return free_pages_with(FreetypeFlag::unmapped); }
    // NR_FREE_PAGES_BLOCKS_MAPPED, _UNMAPPED [C late]: pages in free blocks of whole pageblocks. free_pages() is not split.
    [[nodiscard]] PageCount free_pages_blocks(Mapping mapping) const {
        return free_pages_blocks_[static_cast<std::size_t>(mapping)];
    }
    [[nodiscard]] bool contains(Pfn pfn) const { return layout_.span.contains(pfn); }
    // Of any order-`order` list, blocks nobody has touched included (free_area[order].nr_free).
    [[nodiscard]] std::uint64_t free_blocks(Order order) const;

    // --- HIGHATOMIC (alloc/buddy/highatomic.h decides) ---
    [[nodiscard]] PageCount highatomic_reserved() const { return now_.highatomic_reserved; }  // nr_reserved_highatomic
    void set_highatomic_reserved(PageCount pages) { now_.highatomic_reserved = pages; }
    [[nodiscard]] PageCount highatomic_free() const { return now_.highatomic_free; }  // nr_free_highatomic

    // --- boot: free memory without work or merging ---
    void add_wilderness(PfnRange range);                            // REQUIRES: aligned to order 10, ascending calls
    void add_free_block(Pfn block, Order order, Migratetype list);  // at the tail, as a snapshot lists it
    void add_at_head(Pfn block, Order order, FreeType type) { link(block, order, type, false); }

    // --- pageblocks ---
    // Migratetype of the pageblock and flags of the unit that pfn is in.
    [[nodiscard]] FreeType pageblock_freetype(Pfn pfn) const {
        return {migratetypes_[pageblock_index(pfn)].now, flags_of(pfn)};
    }
    // The migratetype as of the last release of the lock, the flags as they are: those of a page in use do not change.
    [[nodiscard]] FreeType seen_freetype(Pfn pfn) const { return {migratetypes_[pageblock_index(pfn)].seen, flags_of(pfn)}; }
    // Each sets its own bits only, as the series does [C]. The flags of listed blocks must not change.
    void set_pageblock_migratetype(Pfn pfn, Migratetype migratetype);
    void set_flags(PfnRange range, FreetypeFlags flags);  // REQUIRES: whole units
    void set_pageblock_flags(Pfn pfn, FreetypeFlags flags);
    // A pageblock whose units differ in flags keeps its migratetype: some of them might have no list under another.
    [[nodiscard]] bool has_uniform_flags(Pfn pfn) const;
    // change_pageblock_range(): all pageblocks of a block. REQUIRES: order >= kPageblockOrder.
    void set_pageblocks(Pfn block, Order order, Migratetype migratetype);

    // --- free lists ---
    // __rmqueue_smallest(): the head of the smallest sufficient list of `type`, split down to `order`.
    std::optional<Pfn> take_smallest(Order order, FreeType type, BuddyWork& work);
    // __free_one_page(): merges with free buddies as far as the freetypes allow, then queues the block.
    void free_block(Pfn block, Order order, FreeType type, BuddyWork& work);
    // free_one_page(): a block that no per-CPU list takes, under the types of its pageblocks.
    void free_directly(Pfn block, Order order, BuddyWork& work);
    // Splits a block that is on no list: queues its upper halves, of `type`, down to `low` (expand()).
    void expand(Pfn block, Order low, Order high, FreeType type, BuddyWork& work);
    // Takes a free block off its list, whole.
    void unlink(Pfn block);
    [[nodiscard]] bool has_free(Order order, FreeType type) const;
    // The head of a list; brings the next wilderness block onto the movable list of order 10 if that is empty.
    [[nodiscard]] std::optional<Pfn> first(Order order, FreeType type);
    // move_to_free_list(): to the tail of the list of `type`.
    void requeue(Pfn block, FreeType type);
    // move_freepages_block(): requeues the free blocks of pfn's pageblock as `type`. Returns the pages moved: none if the type
    // has no list [C late] or the pageblock's units differ in flags.
    PageCount move_pageblock(Pfn pfn, FreeType type, BuddyWork& work);
    [[nodiscard]] PageCount free_in_pageblock(Pfn pfn) const;
    // A range of `pages`, aligned to its size, that is wholly free, with these flags, in pageblocks whose types may merge:
    // off its lists, whole. REQUIRES: a multiple of the largest block.
    [[nodiscard]] std::optional<PfnRange> take_free_range(PageCount pages, FreetypeFlags flags, BuddyWork& work);
    // The pageblock of pfn lies wholly inside the zone.
    [[nodiscard]] bool pageblock_inside(Pfn pfn) const;
    // The list that a free block is on. REQUIRES: it is the first frame of one.
    [[nodiscard]] FreeType list_type_of(Pfn block) const { return {frames_->state(block).list(), flags_of(block)}; }
    // The free block that pfn is in.
    [[nodiscard]] std::optional<Pfn> free_block_of(Pfn pfn) const;

    // --- without the lock ---
    [[nodiscard]] const ZoneView& seen() const { return view_; }
    [[nodiscard]] const ZoneView& view() const { return now_; }  // as it is now: for who holds the lock
    void publish() {
        view_ = now_;
        if (!unpublished_.empty()) publish_migratetypes();
    }

    // --- ZONE_BELOW_HIGH ---
    // The flag as the last look at the watermark left it; who looks when is the allocator's business.
    [[nodiscard]] ZoneFill fill() const { return fill_; }
    void set_fill(ZoneFill fill) { fill_ = fill; }

    // --- who watches ---
    void set_tracepoints(Tracepoints* tracepoints) { tracepoints_ = tracepoints; }
    [[nodiscard]] Tracepoints* tracepoints() const { return tracepoints_; }
    void report(const Fallback& fallback) {
        if (tracepoints_ != nullptr) tracepoints_->fell_back(fallback);
    }
    void set_watcher(ZoneWatcher* watcher) { watcher_ = watcher; }
    void tell_locked(Cycles now) const {
        if (watcher_ != nullptr) watcher_->locked(*this, now);
    }

    // visit(Pfn, Order, list index) over all free blocks, wilderness included: for audits and reports.
    template <class Visitor>
    void for_each_free(Visitor&& visit) const;
    [[nodiscard]] FrameTable& frames() const { return *frames_; }

  private:
    [[nodiscard]] std::size_t pageblock_index(Pfn pfn) const {
        return (pfn.raw() >> kPageblockOrder.index()) - (layout_.span.first.raw() >> kPageblockOrder.index());
    }
    [[nodiscard]] std::size_t unit_index(Pfn pfn) const {
        return (pfn.raw() >> flag_unit_.index()) - (layout_.span.first.raw() >> flag_unit_.index());
    }
    [[nodiscard]] FreetypeFlags flags_of(Pfn pfn) const {
        return unit_flags_.empty() ? FreetypeFlags{} : unit_flags_[unit_index(pfn)];
    }
    [[nodiscard]] BlockList& list_of(Order order, std::size_t index) { return lists_[order.index() * index_.size() + index]; }
    [[nodiscard]] const BlockList& list_of(Order order, std::size_t index) const {
        return lists_[order.index() * index_.size() + index];
    }
    void link(Pfn block, Order order, FreeType type, bool tail);
    void publish_migratetypes();
    void add_to_counters(Order order, FreeType type, PageCount pages);
    [[nodiscard]] bool is_wilderness_list(Order order, std::size_t list) const {
        return order == kMaxOrder && list == *index_.of(kMovable) && wilderness_used_ < wilderness_.size();
    }
    void see_list(Order order, std::size_t list);
    std::optional<Pfn> list_wilderness();
    [[nodiscard]] bool in_wilderness(Pfn block) const;
    void carve_wilderness(PfnRange range);
    [[nodiscard]] bool is_free_range(PfnRange range, FreetypeFlags flags) const;
    [[nodiscard]] bool can_merge(Pfn buddy, Order order, FreeType type) const;
    [[nodiscard]] bool merge_likely(Pfn block, Order order) const;
    [[nodiscard]] std::vector<std::pair<Pfn, Order>> blocks_in_pageblock(Pfn pfn) const;

    ZoneLayout layout_;
    FrameTable* frames_;
    FreetypeIndex index_;
    Order flag_unit_;
    std::vector<BlockList> lists_;      // by order, freetype index
    std::vector<PfnRange> wilderness_;  // ascending; the first is used up from its front
    std::size_t wilderness_used_ = 0;
    struct SeenMigratetype {
        Migratetype now = Migratetype::movable;
        Migratetype seen = Migratetype::movable;
    };
    std::vector<SeenMigratetype> migratetypes_;  // by pageblock
    std::vector<std::size_t> unpublished_;       // pageblocks whose type was set since the last publish(), some twice
    std::vector<FreetypeFlags> unit_flags_;      // by flag unit; empty without flagged freetypes
    std::array<PageCount, kZoneKinds> lowmem_reserve_{};
    std::array<PageCount, kAllFreetypeFlags.size()> flagged_free_pages_;  // by flag
    std::array<PageCount, 2> free_pages_blocks_;                          // by Mapping
    const KernelRules* rules_;
    Tracepoints* tracepoints_ = nullptr;
    ZoneWatcher* watcher_ = nullptr;
    ZoneFill fill_ = ZoneFill::above_high;
    ZoneView now_;   // kept up to date by every change
    ZoneView view_;  // what was published of it
};

template <class Visitor>
void Zone::for_each_free(Visitor&& visit) const {
    for (unsigned order = 0; order < kOrders; ++order)
        for (std::size_t list = 0; list < index_.size(); ++list)
            for (auto block = list_of(Order{order}, list).front(); block; block = frames_->next(*block))
                visit(*block, Order{order}, list);
    for (std::size_t i = wilderness_used_; i < wilderness_.size(); ++i)
        for (Pfn block = wilderness_[i].first; block < wilderness_[i].end(); block += kMaxOrder.pages())
            visit(block, kMaxOrder, *index_.of(kMovable));
}

}  // namespace splinter::alloc
