// Told of every moment that matters for exposure, for the contract of flush strategies, and for the checks that every run makes
// of page-table pages; all calls come on the CPU that acts.
#pragma once

#include "alloc/cpu.h"

namespace splinter::alloc {

class MapObserver {
  public:
    virtual ~MapObserver() = default;
    virtual void narrowed(Cpu& /*cpu*/, PfnRange /*range*/) {}    // the page tables have taken rights away
    virtual void widened(Cpu& /*cpu*/, PfnRange /*range*/) {}     // the page tables give them again
    virtual void handed_out(Cpu& /*cpu*/, PfnRange /*range*/) {}  // a protected block goes to its owner
    virtual void released(Cpu& /*cpu*/, PfnRange /*range*/) {}    // and comes back

    virtual void keyed(Cpu& /*cpu*/, PfnRange /*range*/) {}    // the direct map's leaves have got the key of page tables
    virtual void unkeyed(Cpu& /*cpu*/, PfnRange /*range*/) {}  // and key 0 again
    virtual void table_handed_out(Cpu& /*cpu*/, PfnRange /*page*/) {}  // a page-table page goes to its user
    virtual void table_released(Cpu& /*cpu*/, PfnRange /*page*/) {}    // and comes back
    virtual void unkeyed_freed(Cpu& /*cpu*/, PfnRange /*range*/) {}    // pages that had the key go to the page allocator
};

}  // namespace splinter::alloc
