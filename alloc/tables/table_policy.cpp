#include "alloc/tables/table_policy.h"

namespace splinter::alloc {

void TablePolicy::boot(Cpu& cpu, std::vector<Pfn> early) {
    early_ = std::move(early);
    fill(cpu);
    early_.clear();
}

std::optional<Pfn> TablePolicy::take_early() {
    if (early_.empty()) return std::nullopt;
    const Pfn page = early_.back();
    early_.pop_back();
    return page;
}

TablePolicy::Changed TablePolicy::protect(Cpu& cpu, PfnRange range) {
    return set_key(cpu, range, kPageTableKey, &MapObserver::keyed);
}

TablePolicy::Changed TablePolicy::unprotect(Cpu& cpu, PfnRange range) { return set_key(cpu, range, 0, &MapObserver::unkeyed); }

// A change that fails has been seen, for a while, by whoever used the pages meanwhile: it is flushed as well.
TablePolicy::Changed TablePolicy::set_key(Cpu& cpu, PfnRange range, unsigned key, void (MapObserver::*moment)(Cpu&, PfnRange)) {
    ++counters(cpu).key_changes;
    const auto outcome = context_.direct_map.change_or_undo(cpu, range, LeafChange::key(key));
    if (outcome == DirectMap::Outcome::done) (context_.observer.*moment)(cpu, range);
    context_.direct_map.flush(cpu, range);
    return outcome == DirectMap::Outcome::done ? Changed::done : Changed::no_memory;
}

void TablePolicy::free_unprotected(Cpu& cpu, PfnRange range, Order order) {
    context_.observer.unkeyed_freed(cpu, range);
    for (Pfn block = range.first; block < range.end(); block += order.pages()) context_.pages.free_pages(cpu, block, order);
}

}  // namespace splinter::alloc
