// Strategy `batched`: what reviewers of guest_memfd propose (one flush per fallocate, fault-around): one call allocates N
// pages, clears them, unmaps them all, flushes once over their covering range, and hands them out one by one from a stash of
// its CPU. Free is as in `per-page`: map, clear, free, no flush. Blocks above order 0 are a batch of their own. No kernel does
// this today; the stash and its size (flush.batch_pages) are the model's.
#include <algorithm>

#include "alloc/flush/strategies.h"

namespace splinter::alloc {
namespace {

class Batched : public FlushStrategy {
  public:
    explicit Batched(const StrategyContext& context) : FlushStrategy{context}, stashes_(context.cpus) {}

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override {
        if (request.order != Order{0U}) return acquire_by_unmapping(cpu, request);
        std::vector<Pfn>& stash = stash_for(cpu, request);
        if (stash.empty()) refill(cpu, request, stash);
        if (stash.empty()) return std::nullopt;
        cpu.retire(Step::pcp_alloc);  // taking a page off a list of this CPU
        const Pfn page = stash.back();
        stash.pop_back();
        context().observer.handed_out(cpu, {page, PageCount{1}});
        return page;
    }

    void release(Cpu& cpu, Pfn block, Order order) override { release_by_mapping(cpu, block, order); }

    PageCount held() const override {
        std::uint64_t pages = 0;
        for (const auto& of_cpu : stashes_)
            for (const std::vector<Pfn>& stash : of_cpu) pages += stash.size();
        return PageCount{pages};
    }

  private:
    // Pages of the lowest frame numbers end up at the back and are handed out first.
    void refill(Cpu& cpu, const AllocRequest& request, std::vector<Pfn>& stash) {
        std::vector<Pfn> pages;
        while (pages.size() < context().params.batch_pages) {
            const auto page = context().pages.alloc_pages(cpu, request);
            if (!page) break;
            clear(cpu, {*page, PageCount{1}});
            pages.push_back(*page);
        }
        std::sort(pages.begin(), pages.end(), std::greater<>{});
        for (Pfn page : pages) {
            if (unmap(cpu, {page, PageCount{1}}) == DirectMap::Outcome::done)
                stash.push_back(page);
            else
                context().pages.free_pages(cpu, page, Order{0U});
        }
        if (stash.empty()) return;
        const Pfn lowest = stash.back();
        before_reuse(cpu, {lowest, stash.front() - lowest + PageCount{1}});
    }

    // Requests that must stay in a zone, or may not use all, have stashes of their own.
    std::vector<Pfn>& stash_for(const Cpu& cpu, const AllocRequest& request) {
        std::vector<std::vector<Pfn>>& stashes = stashes_[cpu.id().index()];
        const std::size_t index =
            request.only_zone ? kZoneKinds + request.only_zone->raw() : static_cast<std::size_t>(request.highest_zone);
        if (stashes.size() <= index) stashes.resize(index + 1);
        return stashes[index];
    }

    std::vector<std::vector<std::vector<Pfn>>> stashes_;  // by CPU, highest zone or only zone
};

}  // namespace

StrategyPtr make_batched(const StrategyContext& context) { return std::make_unique<Batched>(context); }

}  // namespace splinter::alloc
