// Strategy `per-page`: what memfd_secret does today. secretmem_fault() and secretmem_free_folio() of mm/secretmem.c,
// Linux 6.12: allocate and clear, set_direct_map_invalid_noflush(), flush_tlb_kernel_range() of the page; at free
// set_direct_map_default_noflush() without a flush, clear, free.
// Leaves out: the page cache and the user mapping.
#include "alloc/flush/strategies.h"

namespace splinter::alloc {
namespace {

class PerPage : public FlushStrategy {
  public:
    using FlushStrategy::FlushStrategy;

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override { return acquire_by_unmapping(cpu, request); }
    void release(Cpu& cpu, Pfn block, Order order) override { release_by_mapping(cpu, block, order); }
};

}  // namespace

StrategyPtr make_per_page(const StrategyContext& context) { return std::make_unique<PerPage>(context); }

}  // namespace splinter::alloc
