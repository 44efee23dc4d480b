// Strategy `none`: an ordinary zeroed page, mapped all the time (alloc_pages(GFP_HIGHUSER | __GFP_ZERO)). The baseline that
// protects nothing.
#include "alloc/flush/strategies.h"

namespace splinter::alloc {
namespace {

class None : public FlushStrategy {
  public:
    using FlushStrategy::FlushStrategy;

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override {
        const auto block = context().pages.alloc_pages(cpu, request);
        if (block) clear(cpu, {*block, request.order.pages()});
        return block;
    }
    void release(Cpu& cpu, Pfn block, Order order) override { context().pages.free_pages(cpu, block, order); }
};

}  // namespace

StrategyPtr make_none(const StrategyContext& context) { return std::make_unique<None>(context); }

}  // namespace splinter::alloc
