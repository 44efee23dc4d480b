// When pages leave the direct map, and when stale translations of them are flushed: the axis `flush.strategy`.
//
// A strategy serves protected blocks: zeroed, out of the direct map, and not reachable through any stale translation from the
// moment that acquire() returns. Its verbs are the moments that the kernel has; each strategy decides what to do at which.
// The contract, tested on every row of the registry: once before_reuse() has returned, no core's TLB or paging-structure cache,
// under any PCID, translates the block with its old rights. A strategy whose row says `deferred` hands out before that, and
// flushes within the bound that the row declares.
#pragma once

#include <memory>

#include "alloc/buddy/flip.h"
#include "alloc/buddy/page_allocator.h"
#include "alloc/kernel_params.h"
#include "alloc/map/direct_map.h"
#include "alloc/map/map_observer.h"
#include "alloc/mm/mermap.h"
#include "alloc/work/kernel_work.h"

namespace splinter::alloc {

struct StrategyContext {
    PageAllocator& pages;
    DirectMap& direct_map;
    TlbFlush& flush;
    MapObserver& observer;
    KernelParams params;
    std::size_t cpus;
    KernelWork& work;
    layout::KernelData data;
    Flips& flips;
    Mermap& mermap;
};

class FlushStrategy {
  public:
    explicit FlushStrategy(const StrategyContext& context) : context_{context} {}
    virtual ~FlushStrategy() = default;
    FlushStrategy(const FlushStrategy&) = delete;
    FlushStrategy& operator=(const FlushStrategy&) = delete;

    // A protected block of the request's order and zone (its freetype is the strategy's business), or nothing.
    [[nodiscard]] virtual std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) = 0;
    // The owner is done with a block. REQUIRES: acquire() returned it with this order.
    virtual void release(Cpu& cpu, Pfn block, Order order) = 0;

    // Once on each CPU, before anything else runs there: periodic work of the strategy's own.
    virtual void start(Cpu& /*cpu*/) {}

    // Pages out of the direct map that the strategy holds itself, neither free in the allocator nor handed out.
    [[nodiscard]] virtual PageCount held() const { return PageCount{0}; }

  protected:
    // The verbs. By default rights that are gone are flushed at the last moment, synchronously, on all CPUs.
    virtual void narrowed(Cpu& cpu, PfnRange range) { context_.observer.narrowed(cpu, range); }
    virtual void before_reuse(Cpu& cpu, PfnRange range);
    virtual void widened(Cpu& cpu, PfnRange range) { context_.observer.widened(cpu, range); }

    // One block allocated, cleared, unmapped and flushed by itself, and the way back: mapped, cleared, freed without a flush.
    [[nodiscard]] std::optional<Pfn> acquire_by_unmapping(Cpu& cpu, const AllocRequest& request);
    void release_by_mapping(Cpu& cpu, Pfn block, Order order);
    // Takes a range out of the direct map, or undoes it and returns no_memory.
    [[nodiscard]] DirectMap::Outcome unmap(Cpu& cpu, PfnRange range);
    // Puts a range back that unmap() took out: entries exist, so that nothing can fail.
    void map(Cpu& cpu, PfnRange range);
    // clear_page() through the direct map. REQUIRES: mapped.
    void clear(Cpu& cpu, PfnRange range);
    [[nodiscard]] const StrategyContext& context() const { return context_; }

  private:
    StrategyContext context_;
};

}  // namespace splinter::alloc
