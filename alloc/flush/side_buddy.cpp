#include "alloc/flush/side_buddy.h"

namespace splinter::alloc {

void SideBuddy::link(Pfn block, Order order) {
    std::list<Pfn>& list = lists_[order.index()];
    list.push_front(block);
    free_.emplace(block, Free{order, list.begin()});
    pages_ += order.pages();
}

void SideBuddy::unlink(Pfn block) {
    const auto found = free_.find(block);
    lists_[found->second.order.index()].erase(found->second.place);
    pages_ -= found->second.order.pages();
    free_.erase(found);
}

std::optional<Pfn> SideBuddy::take(Order order, BuddyWork& work) {
    for (unsigned high = order.index(); high < lists_.size(); ++high) {
        if (lists_[high].empty()) continue;
        const Pfn block = lists_[high].front();
        unlink(block);
        for (Order half{high}; half > order; ++work.splits) {  // expand(): the upper halves stay
            half = half.prev();
            link(block + half.pages(), half);
        }
        return block;
    }
    return std::nullopt;
}

void SideBuddy::put(Pfn block, Order order, BuddyWork& work) {
    while (order < kPageblockOrder) {
        const Pfn buddy{block.raw() ^ order.pages().raw()};
        const auto found = free_.find(buddy);
        if (found == free_.end() || found->second.order != order) break;
        unlink(buddy);
        block = std::min(block, buddy);
        order = order.next();
        ++work.merges;
    }
    link(block, order);
}

std::optional<std::pair<Pfn, Order>> SideBuddy::take_largest(Order order) {
    for (unsigned high = kPageblockOrder.index() + 1; high-- > order.index();) {
        if (lists_[high].empty()) continue;
        const Pfn block = lists_[high].front();
        unlink(block);
        return std::pair{block, Order{high}};
    }
    return std::nullopt;
}

}  // namespace splinter::alloc
