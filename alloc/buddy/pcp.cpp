#include "alloc/buddy/pcp.h"

#include <algorithm>

namespace splinter::alloc {

std::size_t PerCpuPages::list_index(Order order, FreeType type) {
    if (type.mapping == Mapping::unmapped) return kLowLists + kThpLists + std::min(order.index(), kCostlyOrder + 1);
    const Migratetype migratetype =
        static_cast<std::size_t>(type.migratetype) < kPcpMigratetypes ? type.migratetype : Migratetype::movable;
    if (order.index() > kCostlyOrder) return kLowLists + (migratetype == Migratetype::movable ? 1 : 0);
    return order.index() * kPcpMigratetypes + static_cast<std::size_t>(migratetype);
}

Order PerCpuPages::order_of(std::size_t list) {
    if (list < kLowLists) return Order{static_cast<unsigned>(list / kPcpMigratetypes)};
    if (list < kLowLists + kThpLists) return Order{kThpOrder};
    const auto bank_order = static_cast<unsigned>(list - kLowLists - kThpLists);
    return Order{bank_order <= kCostlyOrder ? bank_order : kThpOrder};
}

PageCount PerCpuPages::unmapped_count() const {
    std::uint64_t pages = 0;
    for (std::size_t list = kLowLists + kThpLists; list < kLists; ++list)
        pages += lists_[list].size() * order_of(list).pages().raw();
    return PageCount{pages};
}

unsigned PerCpuPages::refill_blocks(Order order) const {
    const auto batch = static_cast<unsigned>(batch_.raw());
    return batch > 1 ? std::max(batch >> order.index(), 2U) : batch;
}

std::optional<Pfn> PerCpuPages::pop(FrameTable& frames, std::size_t list) {
    const auto block = lists_[list].front();
    if (!block) return std::nullopt;
    lists_[list].remove(frames, *block);
    frames.clear(*block);
    count_ -= order_of(list).pages();
    return block;
}

void PerCpuPages::push(FrameTable& frames, std::size_t list, Pfn block) {
    frames.set(block, FrameState::pcp(), order_of(list));
    lists_[list].push_front(frames, block);
    count_ += order_of(list).pages();
}

void PerCpuPages::push_cold(FrameTable& frames, std::size_t list, Pfn block) {
    frames.set(block, FrameState::pcp(), order_of(list));
    lists_[list].push_back(frames, block);
    count_ += order_of(list).pages();
}

std::optional<std::pair<Pfn, Order>> PerCpuPages::pop_cold(FrameTable& frames, std::size_t& list) {
    for (std::size_t tried = 0; tried < kLists; ++tried, list = (list + 1) % kLists) {
        const auto block = lists_[list].back();
        if (!block) continue;
        lists_[list].remove(frames, *block);
        frames.clear(*block);
        count_ -= order_of(list).pages();
        return std::pair{*block, order_of(list)};
    }
    return std::nullopt;
}

}  // namespace splinter::alloc
