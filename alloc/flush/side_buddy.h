// The free pages of strategy `side-cache`: a buddy of its own, for blocks up to a pageblock. mm/unmapped-alloc.c of the RFC
// (side_cache.cpp): lists per order, last in first out, __rmqueue_smallest(), __free_one_page().
// Untimed: who calls it holds the lock and charges the work.
#pragma once

#include <array>
#include <list>
#include <map>
#include <optional>

#include "alloc/buddy/zone.h"

namespace splinter::alloc {

class SideBuddy {
  public:
    // The head of the smallest list that suffices, split down to `order`.
    std::optional<Pfn> take(Order order, BuddyWork& work);
    // Merges with free buddies, up to a pageblock.
    void put(Pfn block, Order order, BuddyWork& work);
    // The largest free block of at least `order`, whole.
    std::optional<std::pair<Pfn, Order>> take_largest(Order order);
    [[nodiscard]] PageCount pages() const { return pages_; }

  private:
    struct Free {
        Order order;
        std::list<Pfn>::iterator place;
    };
    void link(Pfn block, Order order);
    void unlink(Pfn block);

    std::array<std::list<Pfn>, kPageblockOrder.index() + 1> lists_;
    std::map<Pfn, Free> free_;
    PageCount pages_;
};

}  // namespace splinter::alloc
