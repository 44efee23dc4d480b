// The kernel's tracepoints on the paths of the page allocator (include/trace/events/kmem.h), as calls: what a replay compares
// with a recorded trace. And the one thing that such a trace does not tell: which pages of a pageblock are movable.
#pragma once

#include "alloc/freetype.h"
#include "hw/base/types.h"

namespace splinter::alloc {

// mm_page_alloc_extfrag: a request has left the lists of its own type.
struct Fallback {
    Pfn block;
    Order asked;
    Order found;
    Migratetype type;     // of the request
    Migratetype source;   // of the list that served
    bool owns_pageblock;  // change_ownership: the pageblock has the request's type now

    friend bool operator==(const Fallback&, const Fallback&) = default;
};

// A pageblock of which a part is free may be claimed for `type` if half of it is free or compatible. Pages on LRU lists and
// other movable ones count for a movable request and against others; the model knows of none.
struct Claim {
    Pfn block;  // the free block that was found
    Order found;
    Migratetype type;
    Migratetype source;
    bool without_movable_pages;  // what the count gives if no page in use is movable
};

class Tracepoints {
  public:
    virtual ~Tracepoints() = default;
    // mm_page_alloc_zone_locked, emitted by __rmqueue_smallest().
    virtual void taken(Pfn /*block*/, Order /*order*/, Migratetype /*type*/) {}
    // mm_page_pcpu_drain.
    virtual void drained(Pfn /*block*/, Order /*order*/, Migratetype /*type*/) {}
    virtual void fell_back(const Fallback& /*fallback*/) {}
    // Not a tracepoint: the decision about a pageblock, by whoever knows its movable pages.
    [[nodiscard]] virtual bool claims(const Claim& claim) { return claim.without_movable_pages; }
};

}  // namespace splinter::alloc
