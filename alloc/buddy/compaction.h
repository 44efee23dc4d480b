// Direct compaction of a zone, as a model of mm/compaction.c and of the part of mm/migrate.c that it needs, Linux 6.1 and 6.12:
// a scanner from the zone's start upwards migrates the movable pages of each pageblock to free pages that a second scanner
// finds from the zone's end downwards, until a block of the wanted order is free or the scanners meet. try_to_compact_pages(),
// compact_zone(), __compact_finished(), compaction_suitable(), isolate_migratepages_block(), isolate_freepages().
//
// What it moves is what owners have registered (movable.h); all else in use is in its way, as a page that is not on an LRU
// list. It costs Steps per page scanned, migrated, copied, and the locks, lists and frees that it uses. Leaves out: the cached
// scanner positions, the skip bits, the fast searches of the free lists and page capture; that a
// scanner takes COMPACT_CLUSTER_MAX pages at a time and stops once it has enough (here: a pageblock); kcompactd and proactive
// compaction; what other CPUs' TLBs hold of user mappings. So the whole zone is scanned each time, which the kernel does when
// it starts anew; deferral bounds how often.
#pragma once

#include <vector>

#include "alloc/buddy/watermark.h"
#include "alloc/cpu.h"

namespace splinter::alloc {

class PageAllocator;

// enum compact_priority, ascending in effort here.
enum class CompactPriority : std::uint8_t { async, sync_light, sync_full };
// enum compact_result, in its order; `complete`: the scanners met, or no page was left to migrate to.
enum class CompactResult : std::uint8_t { skipped, deferred, complete, success };

struct CompactGoal {
    Order order;
    FreeType type;  // of the request; an unmapped one wants a mapped block that it can flip
    CompactPriority priority = CompactPriority::sync_light;
    AllocFlags flags;
    // Whose lists it must be on, or could be claimed for.
    [[nodiscard]] FreeType list_type() const { return {type.migratetype, Mapping::mapped}; }
};

// __compact_finished(): a free block of the order that the request could have, or could claim.
[[nodiscard]] bool has_goal(const Zone& zone, const CompactGoal& goal);
// fragmentation_index() of mm/vmstat.c: in thousandths, 0: short of memory, 1000: fragmented; -1000: the order is there.
[[nodiscard]] std::int64_t fragmentation_index(const Zone& zone, Order order);
// compaction_suitable(): enough free pages to migrate to, and, above order 3, fragmentation to blame.
[[nodiscard]] bool compaction_suitable(const Zone& zone, Order order, ZoneKind highest_zone = ZoneKind::movable);

class Compactor {
  public:
    explicit Compactor(PageAllocator& pages) : pages_{pages} {}
    // REQUIRES: no lock held, interrupts on.
    CompactResult compact(Cpu& cpu, Zone& zone, const CompactGoal& goal);
    // A request was served after compaction (compaction_defer_reset()).
    void served(const Zone& zone, Order order);

  private:
    // Compaction of this order or more failed lately: is left out 2^shift - 1 times.
    struct Deferral {
        unsigned considered = 0;
        unsigned shift = 0;
        unsigned order_failed = 0;
    };
    Deferral& deferral(const Zone& zone);
    PageAllocator& pages_;
    std::vector<Deferral> deferrals_;  // by zone
};

}  // namespace splinter::alloc
