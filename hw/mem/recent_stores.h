// Which value of a page-table entry a core sees, while cores run ahead of each other in host order.
//
// PhysMem holds the newest value. A store at time t is seen by its own core at once; by another core from the earlier of t + L
// and that core's first ordering point at or after t. L is at most the flight time of an interrupt, so that a store is always
// seen after an interrupt, broadcast or lock hand-over that follows it. With this rule results are the same for every quantum
// up to L. Stores that some core may still have to see or not to see are kept here; a walker looks only when there are any.
#pragma once

#include <deque>
#include <unordered_map>

#include "hw/base/types.h"
#include "hw/x86/pte.h"

namespace splinter::hw {

// A point in simulated time, made unique by the core: the order in which ordering points happen.
struct OrderPoint {
    Cycles time;
    CpuId cpu;
    friend constexpr auto operator<=>(const OrderPoint&, const OrderPoint&) = default;
};

class RecentStores {
  public:
    explicit RecentStores(Cycles lookahead) : lookahead_{lookahead} {}

    [[nodiscard]] bool empty() const { return stores_.empty(); }
    // Puts a store in its place among those to the same address, which is not always the last: a walker that sets A or D at its
    // ordering point may come, in host order, after a store that a lock's holder made further ahead. `newest` is the value in
    // PhysMem; returns the value that it must hold now.
    [[nodiscard]] x86::Pte record(OrderPoint at, PhysAddr address, x86::Pte newest, x86::Pte after);
    // What `reader` sees at `now`, its last ordering point being `last_order`; `newest` is the value in PhysMem.
    [[nodiscard]] x86::Pte view(CpuId reader, Cycles now, OrderPoint last_order, PhysAddr address, x86::Pte newest) const;
    // The page is filled anew, and nothing points to it: whoever reads it from now on sees what is in PhysMem.
    void forget_page(PhysAddr page);
    // No core will read at a time before `time` any more.
    void forget_before(Cycles time);

  private:
    struct Store {
        OrderPoint at;
        PhysAddr address;
        x86::Pte before;
        x86::Pte after;
    };
    Cycles lookahead_;
    std::deque<Store> stores_;
    std::unordered_map<std::uint64_t, unsigned> stores_to_;  // kept stores by address; looked up only
};

}  // namespace splinter::hw
