// Pages in use that compaction may move, and who must hear of it. Whoever holds pages that the kernel could migrate (anonymous
// memory, page cache) registers them; a page that nobody has registered stays where it is, as a slab or a page table does.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "alloc/cpu.h"

namespace splinter::alloc {

class MovableOwner {
  public:
    virtual ~MovableOwner() = default;
    // The block's contents are at `to` from now on, and `from` is no longer the owner's. Makes no call on the port.
    virtual void moved(Pfn from, Pfn to, Order order) = 0;
};

class MovableBlocks {
  public:
    struct Entry {
        Pfn block;
        Order order;
        MovableOwner* owner;
        friend bool operator==(const Entry&, const Entry&) = default;
    };
    // REQUIRES: the block is allocated, of less than pageblock order, and not registered.
    void add(Pfn block, Order order, MovableOwner& owner);
    // Before it is freed. Nothing if it is not registered.
    void remove(Pfn block);
    [[nodiscard]] std::optional<Entry> find(Pfn block) const;
    // Of one pageblock, ascending.
    [[nodiscard]] std::vector<Entry> in_pageblock(Pfn pfn) const;
    [[nodiscard]] std::uint64_t size() const { return size_; }

  private:
    std::map<std::uint64_t, std::vector<Entry>> by_pageblock_;  // only those that have any
    std::uint64_t size_ = 0;
};

}  // namespace splinter::alloc
