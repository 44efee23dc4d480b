// Strategy `batched-deferred`: what P. Roy proposed for guest_memfd pages without direct map: unmapped and handed out at once,
// flushed together when 512 of them wait (flush.deferred_pages) or the first of them has waited for 5 s
// (flush.deferred_deadline), whichever is first. Until then other cores can reach the page through stale entries: this is the
// exposure that the row in registry.cpp declares. [M: mail, no code read]
//
// The flush covers the range from the lowest to the highest page that waits. A page that is freed while it waits is nobody's
// until the flush; then it is mapped, cleared and freed. The count and the deadline are the machine's, not a guest's.
// Leaves out: guests; a caller that asks for a flush before it runs.
#include <algorithm>
#include <list>
#include <map>

#include "alloc/flush/strategies.h"

namespace splinter::alloc {
namespace {

class BatchedDeferred : public FlushStrategy, private Work {
  public:
    using FlushStrategy::FlushStrategy;

    std::optional<Pfn> acquire(Cpu& cpu, const AllocRequest& request) override {
        auto block = context().pages.alloc_pages(cpu, request);
        if (!block && request.blocking == Blocking::may_block && flush_quarantine(cpu))
            block = context().pages.alloc_pages(cpu, request);
        if (!block) return std::nullopt;
        const PfnRange range{*block, request.order.pages()};
        clear(cpu, range);
        if (unmap(cpu, range) != DirectMap::Outcome::done) {
            context().pages.free_pages(cpu, *block, request.order);
            return std::nullopt;
        }
        context().observer.handed_out(cpu, range);
        defer(cpu, *block, request.order);
        return block;
    }

    void release(Cpu& cpu, Pfn block, Order order) override {
        context().observer.released(cpu, {block, order.pages()});
        if (!quarantined(cpu, block, order)) make_ordinary(cpu, block, order);
    }

    PageCount held() const override { return held_; }

  private:
    enum class State : std::uint8_t { owned, released };
    struct Waiting {
        Order order;
        State state;
    };
    struct Batch {
        std::map<Pfn, Waiting> blocks;
        PageCount pages;
        Cycles first;  // hand-out of the first page
    };
    using Batches = std::list<Batch>;

    // The page tables have it unmapped and its owner may use it; other CPUs may still reach it.
    void defer(Cpu& cpu, Pfn block, Order order) {
        bool arm = false;
        std::optional<Batches::iterator> full;
        Cycles deadline;
        {
            const IrqLockGuard lock{cpu, kDeferredLock};
            cpu.touch(context().data.strategy_line(), Touch::owned);
            if (filling_.blocks.empty()) filling_.first = cpu.now();
            filling_.blocks.emplace(block, Waiting{order, State::owned});
            filling_.pages += order.pages();
            deadline = filling_.first + context().params.deferred_deadline;
            if (filling_.pages.raw() >= context().params.deferred_pages)
                full = begin_flush();
            else
                arm = !std::exchange(armed_, true);
        }
        if (full) finish_flush(cpu, *full);
        if (arm) context().work.at(cpu, deadline, *this);
    }

    // The deadline of a batch that may have been flushed meanwhile.
    void run(Cpu& cpu) override {
        std::optional<Batches::iterator> due;
        Cycles deadline;
        {
            const IrqLockGuard lock{cpu, kDeferredLock};
            cpu.touch(context().data.strategy_line(), Touch::owned);
            armed_ = false;
            if (filling_.blocks.empty()) return;
            deadline = filling_.first + context().params.deferred_deadline;
            if (deadline <= cpu.now())
                due = begin_flush();
            else
                armed_ = true;
        }
        if (due)
            finish_flush(cpu, *due);
        else
            context().work.at(cpu, deadline, *this);
    }

    // Memory is short and pages that nobody owns wait for a flush.
    bool flush_quarantine(Cpu& cpu) {
        std::optional<Batches::iterator> batch;
        {
            const IrqLockGuard lock{cpu, kDeferredLock};
            cpu.touch(context().data.strategy_line(), Touch::owned);
            const auto released = [](const auto& block) { return block.second.state == State::released; };
            if (std::any_of(filling_.blocks.begin(), filling_.blocks.end(), released)) batch = begin_flush();
        }
        if (batch) finish_flush(cpu, *batch);
        return batch.has_value();
    }

    // REQUIRES: lock held. What is unmapped from here on waits for the next flush.
    Batches::iterator begin_flush() {
        flushing_.push_back(std::exchange(filling_, {}));
        return std::prev(flushing_.end());
    }

    void finish_flush(Cpu& cpu, Batches::iterator batch) {
        const auto& [last, waiting] = *batch->blocks.rbegin();
        const Pfn first = batch->blocks.begin()->first;
        before_reuse(cpu, {first, last + waiting.order.pages() - first});
        Batch flushed;
        {
            const IrqLockGuard lock{cpu, kDeferredLock};
            cpu.touch(context().data.strategy_line(), Touch::owned);
            flushed = std::move(*batch);
            flushing_.erase(batch);
        }
        for (const auto& [block, of_block] : flushed.blocks) {
            if (of_block.state != State::released) continue;
            make_ordinary(cpu, block, of_block.order);
            const IrqLockGuard lock{cpu, kDeferredLock};
            held_ -= of_block.order.pages();
        }
    }

    // Whether the flush of the block is pending, which then frees it.
    bool quarantined(Cpu& cpu, Pfn block, Order order) {
        const IrqLockGuard lock{cpu, kDeferredLock};
        cpu.touch(context().data.strategy_line(), Touch::owned);
        const auto keep = [&](Batch& batch) {
            const auto found = batch.blocks.find(block);
            if (found == batch.blocks.end()) return false;
            found->second.state = State::released;
            held_ += order.pages();
            return true;
        };
        if (keep(filling_)) return true;
        for (Batch& batch : flushing_)
            if (keep(batch)) return true;
        return false;
    }

    void make_ordinary(Cpu& cpu, Pfn block, Order order) {
        const PfnRange range{block, order.pages()};
        map(cpu, range);
        clear(cpu, range);
        context().pages.free_pages(cpu, block, order);
    }

    // Under kDeferredLock.
    Batch filling_;
    Batches flushing_;
    PageCount held_;      // released, waiting
    bool armed_ = false;  // a deadline is due on some CPU
};

}  // namespace

StrategyPtr make_batched_deferred(const StrategyContext& context) { return std::make_unique<BatchedDeferred>(context); }

}  // namespace splinter::alloc
