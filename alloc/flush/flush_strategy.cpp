#include "alloc/flush/flush_strategy.h"

#include "alloc/buddy/clearing.h"
#include "hw/base/check.h"

namespace splinter::alloc {

void FlushStrategy::before_reuse(Cpu& cpu, PfnRange range) { context_.direct_map.flush(cpu, range); }

std::optional<Pfn> FlushStrategy::acquire_by_unmapping(Cpu& cpu, const AllocRequest& request) {
    const auto block = context_.pages.alloc_pages(cpu, request);
    if (!block) return std::nullopt;
    const PfnRange range{*block, request.order.pages()};
    clear(cpu, range);
    if (unmap(cpu, range) != DirectMap::Outcome::done) {
        context_.pages.free_pages(cpu, *block, request.order);
        return std::nullopt;
    }
    before_reuse(cpu, range);
    context_.observer.handed_out(cpu, range);
    return block;
}

void FlushStrategy::release_by_mapping(Cpu& cpu, Pfn block, Order order) {
    const PfnRange range{block, order.pages()};
    context_.observer.released(cpu, range);
    map(cpu, range);
    clear(cpu, range);
    context_.pages.free_pages(cpu, block, order);
}

DirectMap::Outcome FlushStrategy::unmap(Cpu& cpu, PfnRange range) {
    const auto outcome = context_.direct_map.unmap_or_undo(cpu, range);
    if (outcome == DirectMap::Outcome::done) narrowed(cpu, range);
    return outcome;
}

void FlushStrategy::map(Cpu& cpu, PfnRange range) {
    const auto outcome = context_.direct_map.set_mapping(cpu, range, Mapping::mapped);
    SPLINTER_CHECK(outcome == DirectMap::Outcome::done, "mapping what was unmapped needs no page-table page");
    widened(cpu, range);
}

void FlushStrategy::clear(Cpu& cpu, PfnRange range) { clear_mapped(cpu, context_.pages.counters(cpu.id()), range); }

}  // namespace splinter::alloc
