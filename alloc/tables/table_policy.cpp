#include "alloc/tables/table_policy.h"

#include "hw/base/check.h"

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
    ++counters(cpu).key_changes;
    const auto outcome = context_.direct_map.change(cpu, range, LeafChange::key(kPageTableKey));
    if (outcome != DirectMap::Outcome::done) {
        set_key_again(cpu, range, 0);
        context_.flush.kernel_range(cpu, layout::direct_map(range.first), range.count);
        return Changed::no_memory;
    }
    context_.observer.keyed(cpu, range);
    context_.flush.kernel_range(cpu, layout::direct_map(range.first), range.count);
    return Changed::done;
}

TablePolicy::Changed TablePolicy::unprotect(Cpu& cpu, PfnRange range) {
    ++counters(cpu).key_changes;
    const auto outcome = context_.direct_map.change(cpu, range, LeafChange::key(0));
    if (outcome != DirectMap::Outcome::done) {
        set_key_again(cpu, range, kPageTableKey);
        context_.flush.kernel_range(cpu, layout::direct_map(range.first), range.count);
        return Changed::no_memory;
    }
    context_.observer.unkeyed(cpu, range);
    context_.flush.kernel_range(cpu, layout::direct_map(range.first), range.count);
    return Changed::done;
}

void TablePolicy::set_key_again(Cpu& cpu, PfnRange range, unsigned key) {
    const auto undone = context_.direct_map.change(cpu, range, LeafChange::key(key));
    SPLINTER_CHECK(undone == DirectMap::Outcome::done, "undoing a change of keys needs no page-table page");
}

void TablePolicy::free_unprotected(Cpu& cpu, PfnRange range, Order order) {
    context_.observer.unkeyed_freed(cpu, range);
    for (Pfn block = range.first; block < range.end(); block += order.pages()) context_.pages.free_pages(cpu, block, order);
}

}  // namespace splinter::alloc
