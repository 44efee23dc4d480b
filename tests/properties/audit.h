// Statements about an allocator at rest that hold whatever it has been asked for. A breach throws InternalError.
#pragma once

#include <array>
#include <ostream>
#include <vector>

#include "alloc/buddy/page_allocator.h"
#include "hw/base/check.h"

namespace splinter::alloc {

// Who owns each page of a zone.
class Owners {
  public:
    enum class Owner : std::uint8_t { nobody, buddy, pcp, live, page_table };
    explicit Owners(PfnRange span) : span_{span}, owners_(span.count.raw(), Owner::nobody) {}
    void add(Pfn block, Order order, Owner owner) {
        for (std::uint64_t i = 0; i < order.pages().raw(); ++i) {
            Owner& page = owners_.at((block + PageCount{i} - span_.first).raw());
            SPLINTER_CHECK(page == Owner::nobody, "page frame " + std::to_string(block.raw() + i) + " has two owners");
            page = owner;
        }
    }
    [[nodiscard]] Owner operator[](Pfn pfn) const { return owners_[(pfn - span_.first).raw()]; }
    [[nodiscard]] PageCount without_owner() const {
        return PageCount{static_cast<std::uint64_t>(std::count(owners_.begin(), owners_.end(), Owner::nobody))};
    }

  private:
    PfnRange span_;
    std::vector<Owner> owners_;
};

inline bool is_mergeable(Migratetype type) { return static_cast<std::size_t>(type) < kPcpMigratetypes; }

// Two free buddies that __free_one_page() would have merged.
inline bool is_missed_merge(const Zone& zone, Pfn block, Order order) {
    const Pfn buddy{block.raw() ^ order.pages().raw()};
    if (order == kMaxOrder || !zone.contains(buddy)) return false;
    if (!zone.frames().state(buddy).in_buddy() || zone.frames().order(buddy) != order) return false;
    const FreeType mine = zone.pageblock_freetype(block);
    const FreeType other = zone.pageblock_freetype(buddy);
    return mine.flags == other.flags && is_mergeable(mine.migratetype) && is_mergeable(other.migratetype);
}

// Free lists and counters of one zone; adds its free blocks to `owners`.
inline void audit_free_lists(const Zone& zone, Owners& owners) {
    PageCount pages;
    PageCount unmapped;
    std::array<PageCount, 2> in_blocks;
    decltype(ZoneView::orders) orders{};
    zone.for_each_free([&](Pfn block, Order order, std::size_t list) {
        owners.add(block, order, Owners::Owner::buddy);
        pages += order.pages();
        orders[list] |= static_cast<std::uint16_t>(1U << order.index());
        if (order >= kPageblockOrder)
            in_blocks[static_cast<std::size_t>(zone.pageblock_freetype(block).mapping())] += order.pages();
        for (Pfn at = block; at < block + order.pages(); at += PageCount{16})  // the smallest unit of flags
            SPLINTER_CHECK(zone.freetypes().of(zone.pageblock_freetype(at)) == list,
                           "a free block is on the list of its pageblocks' type");
        if (zone.pageblock_freetype(block).mapping() == Mapping::unmapped) unmapped += order.pages();
        SPLINTER_CHECK(!is_missed_merge(zone, block, order), "free buddies were not merged: " + std::to_string(block.raw()));
    });
    SPLINTER_CHECK(pages == zone.free_pages(), "free_pages() is a recount");
    SPLINTER_CHECK(orders == zone.view().orders, "view() knows which lists have blocks");
    SPLINTER_CHECK(unmapped == zone.unmapped_free_pages(), "unmapped_free_pages() is a recount");
    for (const Mapping mapping : {Mapping::mapped, Mapping::unmapped})
        SPLINTER_CHECK(in_blocks[static_cast<std::size_t>(mapping)] == zone.free_pages_blocks(mapping),
                       "free_pages_blocks() is a recount");
}

// Lists and counters of one CPU for one zone; adds their blocks to `owners`.
inline void audit_pcp(const Zone& zone, const PerCpuPages& pcp, Owners& owners) {
    PageCount pages;
    for (std::size_t list = 0; list < pcp.lists().size(); ++list) {
        const Order order = PerCpuPages::order_of(list);
        for (auto block = pcp.lists()[list].front(); block; block = zone.frames().next(*block)) {
            owners.add(*block, order, Owners::Owner::pcp);
            pages += order.pages();
            SPLINTER_CHECK(zone.frames().state(*block).on_pcp() && zone.frames().order(*block) == order,
                           "a block on a per-CPU list is marked so");
            const FreeType type = zone.pageblock_freetype(*block);
            SPLINTER_CHECK(type.flags.none() ? list < PerCpuPages::kPlainLists
                                             : list == PerCpuPages::list_index(order, type, zone.freetypes()),
                           "a block stands on the per-CPU list of its flags");
        }
    }
    SPLINTER_CHECK(pages == pcp.count(), "count() is a recount");
}

inline std::ostream& operator<<(std::ostream& out, FreeType type) {
    return out << kMigratetypeNames[static_cast<std::size_t>(type.migratetype)]
               << (type.mapping() == Mapping::unmapped ? "|unmapped" : "")
               << (type.flags.has(FreetypeFlag::pgtable_key) ? "|pgtable-key" : "");
}

}  // namespace splinter::alloc
