// Per-CPU lists of one zone: struct per_cpu_pages of mm/page_alloc.c, Linux 6.12, with the freetype series' extra bank of
// unmapped lists; all banks share one count and one limit.
// Models: LIFO lists per order and freetype, fixed batch and high. Leaves out: the scaling of batch and high by free_count and
// alloc_factor, decay by the vmstat worker, the trylock that can fail.
#pragma once

#include <array>

#include "alloc/buddy/frame_table.h"
#include "alloc/gfp.h"

namespace splinter::alloc {

class PerCpuPages {
  public:
    static constexpr unsigned kCostlyOrder = 3;  // PAGE_ALLOC_COSTLY_ORDER
    static constexpr unsigned kThpOrder = 9;
    static constexpr std::size_t kLowLists = kPcpMigratetypes * (kCostlyOrder + 1);
    static constexpr std::size_t kThpLists = 2;  // movable, other
    static constexpr std::size_t kLists = kLowLists + kThpLists + kCostlyOrder + 2;

    // pcp_allowed_order()
    static constexpr bool serves(Order order) { return order.index() <= kCostlyOrder || order.index() == kThpOrder; }
    // order_to_pindex(); migratetypes without a list of their own use movable's, as free_unref_page() does.
    static std::size_t list_index(Order order, FreeType type);
    static Order order_of(std::size_t list);

    void configure(PageCount batch, PageCount high) {
        batch_ = batch;
        high_ = high;
    }
    [[nodiscard]] PageCount count() const { return count_; }
    // Pages on the lists of the unmapped bank.
    [[nodiscard]] PageCount unmapped_count() const;
    [[nodiscard]] PageCount high() const { return high_; }
    [[nodiscard]] PageCount batch() const { return batch_; }
    // Blocks that one refill of `order` takes (nr_pcp_alloc()).
    [[nodiscard]] unsigned refill_blocks(Order order) const;

    std::optional<Pfn> pop(FrameTable& frames, std::size_t list);
    void push(FrameTable& frames, std::size_t list, Pfn block);       // hot end
    void push_cold(FrameTable& frames, std::size_t list, Pfn block);  // a refill keeps the buddy's order
    // The coldest block of the next non-empty list from `list` on, round robin as free_pcppages_bulk() goes.
    std::optional<std::pair<Pfn, Order>> pop_cold(FrameTable& frames, std::size_t& list);
    [[nodiscard]] const std::array<BlockList, kLists>& lists() const { return lists_; }

  private:
    std::array<BlockList, kLists> lists_;
    PageCount count_;
    PageCount batch_{63};
    PageCount high_{378};
};

}  // namespace splinter::alloc
