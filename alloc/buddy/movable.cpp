#include "alloc/buddy/movable.h"

#include <algorithm>

#include "alloc/buddy/zone.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

std::uint64_t pageblock_of(Pfn pfn) { return pfn.raw() >> kPageblockOrder.index(); }

}  // namespace

void MovableBlocks::add(Pfn block, Order order, MovableOwner& owner) {
    SPLINTER_CHECK(order < kPageblockOrder, "a movable block is smaller than a pageblock");
    SPLINTER_CHECK(!find(block), "a block is registered as movable once");
    by_pageblock_[pageblock_of(block)].push_back({block, order, &owner});
    ++size_;
}

void MovableBlocks::remove(Pfn block) {
    const auto found = by_pageblock_.find(pageblock_of(block));
    if (found == by_pageblock_.end()) return;
    const auto erased = std::erase_if(found->second, [block](const Entry& entry) { return entry.block == block; });
    size_ -= erased;
    if (found->second.empty()) by_pageblock_.erase(found);
}

std::optional<MovableBlocks::Entry> MovableBlocks::find(Pfn block) const {
    const auto found = by_pageblock_.find(pageblock_of(block));
    if (found == by_pageblock_.end()) return std::nullopt;
    const auto at =
        std::find_if(found->second.begin(), found->second.end(), [block](const Entry& entry) { return entry.block == block; });
    return at == found->second.end() ? std::nullopt : std::optional{*at};
}

std::vector<MovableBlocks::Entry> MovableBlocks::in_pageblock(Pfn pfn) const {
    const auto found = by_pageblock_.find(pageblock_of(pfn));
    if (found == by_pageblock_.end()) return {};
    std::vector<Entry> entries = found->second;
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.block < b.block; });
    return entries;
}

}  // namespace splinter::alloc
