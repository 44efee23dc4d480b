#include "hw/mem/recent_stores.h"

#include <utility>

namespace splinter::hw {

x86::Pte RecentStores::record(OrderPoint at, PhysAddr address, x86::Pte newest, x86::Pte after) {
    auto successor = stores_.end();  // the first store to the address with a later point
    if (unsigned& count = stores_to_[address.raw()]; count++ != 0) {
        for (auto store = stores_.end(); store != stores_.begin();) {
            --store;
            if (store->address != address) continue;
            if (store->at <= at) break;
            successor = store;
        }
    }
    if (successor == stores_.end()) {
        stores_.push_back({at, address, newest, after});
        return after;
    }
    const x86::Pte before = std::exchange(successor->before, after);
    stores_.insert(successor, {at, address, before, after});
    return newest;
}

x86::Pte RecentStores::view(CpuId reader, Cycles now, OrderPoint last_order, PhysAddr address, x86::Pte newest) const {
    if (!stores_to_.contains(address.raw())) return newest;
    x86::Pte seen = newest;
    for (auto store = stores_.rbegin(); store != stores_.rend(); ++store) {
        if (store->address != address) continue;
        if (store->at.cpu == reader || store->at.time + lookahead_ <= now || store->at <= last_order) return store->after;
        seen = store->before;  // not seen yet: what stood there before
    }
    return seen;
}

void RecentStores::forget_page(PhysAddr page) {
    std::erase_if(stores_, [&](const Store& store) {
        if (pfn_of(store.address) != pfn_of(page)) return false;
        const auto count = stores_to_.find(store.address.raw());
        if (--count->second == 0) stores_to_.erase(count);
        return true;
    });
}

void RecentStores::forget_before(Cycles time) {
    while (!stores_.empty() && stores_.front().at.time + lookahead_ <= time) {
        const auto count = stores_to_.find(stores_.front().address.raw());
        if (--count->second == 0) stores_to_.erase(count);
        stores_.pop_front();
    }
}

}  // namespace splinter::hw
