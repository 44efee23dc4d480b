// Strategy `freetype`: the ALLOC_UNMAPPED series [late] (B. Jackman, v3 of 2026-07-26; bjackman/linux @ 42fa552a0a5f). A
// request takes from unmapped pageblocks; if there are none, PageAllocator flips a whole free pageblock, and this class does
// the page tables, the one flush of 2 MiB, and the scrub when a block goes back. Free does no page-table work and no flush.
// Pages are cleared through a temporary per-CPU mapping (mermap), whose cost is the Step `local_map`.
// No kernel has checked these policies. Leaves out: mermap's own page tables and flushes, the fall-back to its reserve.
#include "alloc/flush/strategies.h"

namespace splinter::alloc {
namespace {

class Freetype : public FlushStrategy, private PageblockFlipper {
  public:
    explicit Freetype(const StrategyContext& context) : FlushStrategy{context} { context.pages.set_flipper(*this); }

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override {
        const auto block = context().pages.alloc_pages(cpu, request.with(kUnmovableUnmapped));
        if (!block) return std::nullopt;
        clear_through_local_map(cpu, {*block, request.order.pages()});
        context().observer.handed_out(cpu, {*block, request.order.pages()});
        return block;
    }

    void release(Cpu& cpu, Pfn block, Order order) override {
        context().observer.released(cpu, {block, order.pages()});
        context().pages.free_pages(cpu, block, order);
    }

  private:
    PageblockFlipper::Outcome unmap(Cpu& cpu, PfnRange block) override {
        if (FlushStrategy::unmap(cpu, block) != DirectMap::Outcome::done) return PageblockFlipper::Outcome::no_memory;
        before_reuse(cpu, block);
        return PageblockFlipper::Outcome::done;
    }

    // No flush: a stale not-present entry does not exist. The scrub comes because protected data would become visible.
    PageblockFlipper::Outcome map(Cpu& cpu, PfnRange block) override {
        FlushStrategy::map(cpu, block);
        const Account account{cpu, kScrub};
        clear(cpu, block);
        return PageblockFlipper::Outcome::done;
    }
};

}  // namespace

StrategyPtr make_freetype(const StrategyContext& context) { return std::make_unique<Freetype>(context); }

}  // namespace splinter::alloc
