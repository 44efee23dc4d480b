// The buddy allocator of one zone: free areas by order and freetype, pageblocks with migratetype and flags, merge and split.
// struct zone, struct free_area; __free_one_page(), expand(), __rmqueue_smallest() of mm/page_alloc.c, Linux 6.12.
//
// Untimed data structure: who calls it holds the zone lock and charges the work that it reports (BuddyWork).
// Blocks that were never allocated since boot stand on no list but in one range per zone ("wilderness"), handed out in the
// order in which boot would have queued them, behind the listed movable blocks of order 10.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "alloc/buddy/frame_table.h"
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
};

struct ZoneLayout {
    std::string name;
    ZoneIndex index{0};
    PfnRange span;  // start_pfn, spanned
    PageCount managed;
    PageCount watermark_min;
    std::vector<std::uint64_t> lowmem_reserve;  // pages, by the index of the zone that the request prefers
};

class Zone {
  public:
    Zone(ZoneLayout layout, FrameTable& frames);
    Zone(Zone&&) = default;

    [[nodiscard]] const ZoneLayout& layout() const { return layout_; }
    [[nodiscard]] PageCount free_pages() const { return free_pages_; }
    [[nodiscard]] PageCount unmapped_free_pages() const { return unmapped_free_pages_; }
    [[nodiscard]] bool contains(Pfn pfn) const { return layout_.span.contains(pfn); }

    // --- boot: free memory without work or merging ---
    void add_wilderness(PfnRange range);                            // REQUIRES: aligned to order 10, ascending calls
    void add_free_block(Pfn block, Order order, Migratetype list);  // at the tail, as a snapshot lists it

    // --- pageblocks ---
    [[nodiscard]] FreeType pageblock_freetype(Pfn pfn) const;
    void set_pageblock_migratetype(Pfn pfn, Migratetype migratetype);
    void set_pageblock_mapping(Pfn pfn, Mapping mapping);

    // --- free lists ---
    // __rmqueue_smallest(): the head of the smallest sufficient list of `type`, split down to `order`.
    std::optional<Pfn> take_smallest(Order order, FreeType type, BuddyWork& work);
    // __free_one_page(): merges with free buddies as far as the freetypes allow, then queues the block.
    void free_block(Pfn block, Order order, FreeType type, BuddyWork& work);
    // Splits a block that is on no list: queues its upper halves, of `type`, down to `low` (expand()).
    void expand(Pfn block, Order low, Order high, FreeType type, BuddyWork& work);
    // Takes a free block off its list, whole.
    void unlink(Pfn block);
    [[nodiscard]] bool has_free(Order order, FreeType type) const;
    // The head of a list; brings the next wilderness block onto the movable list of order 10 if that is empty.
    [[nodiscard]] std::optional<Pfn> first(Order order, FreeType type);
    // move_freepages_block(): requeues the free pages of a pageblock as `type`, at the tails. Returns the pages moved.
    PageCount move_pageblock(Pfn pfn, FreeType type, BuddyWork& work);
    [[nodiscard]] PageCount free_in_pageblock(Pfn pfn) const;
    // The pageblock of pfn lies wholly inside the zone.
    [[nodiscard]] bool pageblock_inside(Pfn pfn) const;

    // visit(Pfn, Order, list index) over all free blocks, wilderness included: for audits and reports.
    template <class Visitor>
    void for_each_free(Visitor&& visit) const;
    [[nodiscard]] FrameTable& frames() const { return *frames_; }

  private:
    using Lists = std::array<BlockList, kFreeListIndices>;
    [[nodiscard]] std::size_t pageblock_index(Pfn pfn) const {
        return (pfn.raw() >> kPageblockOrder.index()) - (layout_.span.first.raw() >> kPageblockOrder.index());
    }
    void link(Pfn block, Order order, FreeType type, bool tail);
    void account(Order order, FreeType type, bool added);
    std::optional<Pfn> list_wilderness();
    [[nodiscard]] bool can_merge(Pfn block, Pfn buddy, Order order) const;
    [[nodiscard]] bool merge_likely(Pfn block, Order order) const;
    [[nodiscard]] std::vector<std::pair<Pfn, Order>> blocks_in_pageblock(Pfn pfn) const;

    ZoneLayout layout_;
    FrameTable* frames_;
    std::array<Lists, kOrders> areas_;
    std::vector<PfnRange> wilderness_;  // ascending; the first is used up from its front
    std::size_t wilderness_used_ = 0;
    struct Pageblock {
        Migratetype migratetype = Migratetype::movable;
        Mapping mapping = Mapping::mapped;
    };
    std::vector<Pageblock> pageblocks_;
    PageCount free_pages_;
    PageCount unmapped_free_pages_;
};

template <class Visitor>
void Zone::for_each_free(Visitor&& visit) const {
    for (unsigned order = 0; order < kOrders; ++order)
        for (std::size_t list = 0; list < kFreeListIndices; ++list)
            for (auto block = areas_[order][list].front(); block; block = frames_->next(*block))
                visit(*block, Order{order}, list);
    for (std::size_t i = wilderness_used_; i < wilderness_.size(); ++i)
        for (Pfn block = wilderness_[i].first; block < wilderness_[i].end(); block += kMaxOrder.pages())
            visit(block, kMaxOrder, *kMovable.list_index());
}

}  // namespace splinter::alloc
