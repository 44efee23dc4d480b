// Strategy `side-cache`: unmapped_pages_alloc(), unmapped_pages_free() and the shrinker of mm/unmapped-alloc.c in M. Rapoport's
// RFC of 2023-03-08 (20230308094106.227365-1-rppt@kernel.org; code read). A buddy of unmapped pages beside the page allocator,
// under one lock, one per zone. When it has no block it takes a whole pageblock from the page allocator, unmaps it and flushes
// once. A freed page goes back to it: no page-table work, no flush; blocks merge within the cache only.
//
// Back to the page allocator, mapped and scrubbed, go the largest free blocks one by one: whole pageblocks, or with
// flush.side_cache_min_order below 9 smaller ones. Who asks: the shrinker, when a request would fail (as in the RFC, whose
// shrinker begins with single pages; here never a smaller block than those that refills take, so that what is left can still
// become whole), and, above flush.side_cache_keep pages, each release (not in the RFC).
// Pages are cleared at hand-out through a temporary mapping, as in `freetype`; the RFC clears when it refills, and never again.
// Leaves out: the debugfs file; whole blocks of order 10, which the RFC's cache can merge to but never asks for.
#include "alloc/buddy/clearing.h"
#include "alloc/flush/side_buddy.h"
#include "alloc/flush/strategies.h"
#include "hw/base/check.h"

namespace splinter::alloc {
namespace {

class SideCache : public FlushStrategy, private Shrinker {
  public:
    explicit SideCache(const StrategyContext& context)
        : FlushStrategy{context},
          zones_(context.pages.zones().size()),
          min_order_{static_cast<unsigned>(context.params.side_cache_min_order)},
          keep_{context.params.side_cache_keep} {
        context.pages.add_shrinker(*this);
    }

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override {
        if (request.order > kPageblockOrder) return std::nullopt;
        auto block = take(cpu, request);
        if (!block && request.blocking == Blocking::may_block) block = refill(cpu, request);
        if (!block) return std::nullopt;
        context().mermap.clear(cpu, context().pages.counters(cpu.id()), {*block, request.order.pages()});
        context().observer.handed_out(cpu, {*block, request.order.pages()});
        return block;
    }

    void release(Cpu& cpu, Pfn block, Order order) override {
        context().observer.released(cpu, {block, order.pages()});
        put(cpu, block, order);
        if (keep_ > PageCount{0}) (void)give_back_above(cpu, keep_);
    }

    PageCount held() const override {
        PageCount pages;
        for (const SideBuddy& zone : zones_) pages += zone.pages();
        return pages;
    }

  private:
    [[nodiscard]] std::size_t zone_of(Pfn block) { return context().pages.zone_of(block).layout().index.raw(); }

    // Highest zone first, as a zonelist has them.
    std::optional<Pfn> take(Cpu& cpu, const AllocRequest& request) {
        const IrqLockGuard lock{cpu, kSideCacheLock};
        return take_locked(cpu, request);
    }

    std::optional<Pfn> take_locked(Cpu& cpu, const AllocRequest& request) {
        BuddyWork work;
        std::optional<Pfn> block;
        for (std::size_t zone = zones_.size(); zone-- > 0 && !block;) {
            const ZoneLayout& layout = context().pages.zones()[zone].layout();
            if (request.may_use(layout.index, layout.kind)) block = zones_[zone].take(request.order, work);
        }
        charge(cpu, work);
        return block;
    }

    void put(Cpu& cpu, Pfn block, Order order) {
        const IrqLockGuard lock{cpu, kSideCacheLock};
        BuddyWork work;
        zones_[zone_of(block)].put(block, order, work);
        charge(cpu, work);
    }

    // The new pages and the hand-out of one of them are one step under the lock, so that nobody is left without,
    // which the RFC leaves open.
    std::optional<Pfn> refill(Cpu& cpu, const AllocRequest& request) {
        const Account account{cpu, kFlip};
        const unsigned least = std::max(min_order_.index(), request.order.index());
        for (unsigned order = kPageblockOrder.index() + 1; order-- > least;) {
            AllocRequest wanted = request;
            wanted.order = Order{order};
            const auto fresh = context().pages.alloc_pages(cpu, wanted);
            if (!fresh) continue;
            const PfnRange range{*fresh, wanted.order.pages()};
            if (unmap(cpu, range) != DirectMap::Outcome::done) {
                context().pages.free_pages(cpu, *fresh, wanted.order);
                return std::nullopt;
            }
            before_reuse(cpu, range);
            if (wanted.order == kPageblockOrder) ++context().pages.counters(cpu.id()).flips_to_unmapped;
            const IrqLockGuard lock{cpu, kSideCacheLock};
            BuddyWork work;
            zones_[zone_of(*fresh)].put(*fresh, wanted.order, work);
            charge(cpu, work);
            return take_locked(cpu, request);
        }
        return std::nullopt;
    }

    PageCount shrink(Cpu& cpu) override { return give_back_above(cpu, PageCount{0}); }

    // One block, the largest there is, while more than `keep` pages are free.
    PageCount give_back_above(Cpu& cpu, PageCount keep) {
        std::optional<std::pair<Pfn, Order>> block;
        {
            const IrqLockGuard lock{cpu, kSideCacheLock};
            PageCount pages;
            for (const SideBuddy& zone : zones_) pages += zone.pages();
            for (SideBuddy& zone : zones_)
                if (!block && pages > keep) block = zone.take_largest(min_order_);
            charge(cpu, {});
            if (!block) return PageCount{0};
        }
        const Account account{cpu, kShrink};
        const PfnRange range{block->first, block->second.pages()};
        map(cpu, range);
        clear(cpu, range);
        context().pages.free_pages(cpu, range.first, block->second);
        if (block->second == kPageblockOrder) ++context().pages.counters(cpu.id()).flips_to_mapped;
        context().pages.counters(cpu.id()).shrunk_pages += range.count.raw();
        return range.count;
    }

    void charge(Cpu& cpu, const BuddyWork& work) {
        cpu.touch(context().data.strategy_line(), Touch::owned);  // under the lock
        cpu.retire(Step::buddy_take);
        if (work.splits > 0) cpu.retire(Step::buddy_split, work.splits);
        if (work.merges > 0) cpu.retire(Step::buddy_merge, work.merges);
    }

    std::vector<SideBuddy> zones_;
    Order min_order_;
    PageCount keep_;
};

}  // namespace

StrategyPtr make_side_cache(const StrategyContext& context) { return std::make_unique<SideCache>(context); }

}  // namespace splinter::alloc
