// One pass of compaction over a zone: struct compact_control, and the loop of compact_zone() with its two scanners.
#pragma once

#include <array>
#include <vector>

#include "alloc/buddy/compaction.h"
#include "alloc/buddy/movable.h"

namespace splinter::alloc {

class CompactionRun {
  public:
    CompactionRun(PageAllocator& pages, Cpu& cpu, Zone& zone, const CompactGoal& goal);
    CompactResult run();

  private:
    [[nodiscard]] bool reached();
    enum class Outcome : std::uint8_t { nothing_moved, moved, no_target };
    // --- the migrate scanner ---
    [[nodiscard]] bool is_source(Pfn pageblock) const;
    [[nodiscard]] bool can_move(const MovableBlocks::Entry& entry) const;
    // Blocks of the pageblock that are worth moving, and how many pages were looked at.
    std::vector<MovableBlocks::Entry> isolate(Pfn pageblock, std::uint64_t& scanned) const;
    Outcome migrate(Pfn pageblock);
    [[nodiscard]] bool is_there(const MovableBlocks::Entry& entry) const;
    [[nodiscard]] bool copy(const MovableBlocks::Entry& entry, Pfn to);
    bool migrate(const MovableBlocks::Entry& entry, Pfn to);
    // --- the free scanner ---
    [[nodiscard]] bool is_target(Pfn pageblock) const;
    std::optional<Pfn> take_isolated(Order order);
    void isolate_free(Pfn pageblock);
    [[nodiscard]] bool take_free(Pfn block, Order order);
    void make_movable(Pfn block, Order order, BuddyWork& work);
    std::optional<Pfn> target_for(Order order);
    void release();

    PageAllocator& pages_;
    Cpu& cpu_;
    Zone& zone_;
    CompactGoal goal_;
    Pfn migrate_;                                     // pageblock
    Pfn free_;                                        // pageblock
    std::array<std::vector<Pfn>, kOrders> isolated_;  // free blocks taken off the lists
};

}  // namespace splinter::alloc
