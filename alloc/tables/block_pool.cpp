#include "alloc/tables/block_pool.h"

#include <algorithm>
#include <functional>

#include "alloc/tables/policies.h"
#include "alloc/tables/refill_orders.h"

namespace splinter::alloc {
namespace {

Pfn pageblock_of(Pfn page) { return Pfn{page.raw() & ~(kPageblockOrder.pages().raw() - 1)}; }

}  // namespace

BlockPool::BlockPool(const TableContext& context)
    : TablePolicy{context}, orders_{refill_orders(context.params.refill_orders)}, shrinking_(context.cpus, 0) {
    context.pages.add_shrinker(*this);
}

void BlockPool::fill(Cpu& cpu) { (void)add_block(cpu, Keep::nothing); }

std::optional<Pfn> BlockPool::allocate(Cpu& cpu, TableUse use) {
    // __GFP_PGTABLE_SPLIT: may take all there is, and never refills.
    if (use == TableUse::split) {
        if (const auto page = pop(cpu, 0)) return page;
        return take_early();
    }
    if (const auto page = pop(cpu, reserve())) return page;
    return refill(cpu);
}

std::optional<Pfn> BlockPool::refill(Cpu& cpu) { return add_block(cpu, Keep::one); }

void BlockPool::release(Cpu& cpu, Pfn table) { push(cpu, std::span{&table, 1}); }

PageTablePages::Ready BlockPool::prepare_split(Cpu& cpu) {
    while (!ready_for_split(cpu))
        if (!add_block(cpu, Keep::nothing)) return Ready::no_memory;
    return Ready::yes;
}

// kpkeys_ready_for_direct_map_split(): without the list's lock.
bool BlockPool::ready_for_split(Cpu& cpu) {
    cpu.order();
    return refiller_ == cpu.id() || pages_.size() >= reserve();
}

std::optional<Pfn> BlockPool::pop(Cpu& cpu, std::uint64_t leave) {
    const LockGuard lock{cpu, kTablePoolLock};
    cpu.retire(Step::table_pool);
    if (pages_.size() <= leave) return std::nullopt;
    const Pfn page = pages_.back();
    cpu.touch(layout::struct_page(page), Touch::owned);
    pages_.pop_back();
    count_free(page, -1);
    return page;
}

std::vector<Pfn> BlockPool::pop_many(Cpu& cpu, std::uint64_t most) {
    std::vector<Pfn> some;
    const LockGuard lock{cpu, kTablePoolLock};
    while (some.size() < most && pages_.size() > reserve()) {
        cpu.retire(Step::table_pool);
        cpu.touch(layout::struct_page(pages_.back()), Touch::owned);
        count_free(pages_.back(), -1);
        some.push_back(pages_.back());
        pages_.pop_back();
    }
    return some;
}

void BlockPool::push(Cpu& cpu, std::span<const Pfn> pages) {
    const LockGuard lock{cpu, kTablePoolLock};
    for (const Pfn page : pages) {
        cpu.retire(Step::table_pool);
        cpu.touch(layout::struct_page(page), Touch::owned);
        pages_.push_back(page);
        count_free(page, 1);
    }
}

void BlockPool::count_free(Pfn page, std::int64_t change) {
    if (const auto block = blocks_.find(pageblock_of(page)); block != blocks_.end())
        block->second += static_cast<std::uint64_t>(change);
}

// Whoever finds the list short meanwhile waits for the mutex, and so for the pages: with them pushed outside of it, no reserve
// would be large enough.
std::optional<Pfn> BlockPool::add_block(Cpu& cpu, Keep keep) {
    const auto block = take_block(cpu);
    if (!block) return std::nullopt;
    const LockGuard mutex{cpu, kTableRefillMutex};
    refiller_ = cpu.id();
    const Changed changed = protect(cpu, *block);
    refiller_.reset();
    if (changed == Changed::done) {
        ++counters(cpu).table_refills;
        counters(cpu).table_refill_pages += block->count.raw();
        split_page(cpu, *block, keep);
        return block->first;
    }
    Order order{0U};
    while (order.pages() < block->count) order = order.next();
    context().pages.free_pages(cpu, block->first, order);
    return std::nullopt;
}

std::optional<PfnRange> BlockPool::take_block(Cpu& cpu) {
    for (const Order order : orders_) {
        AllocRequest request;
        request.order = order;
        if (order != orders_.back()) request.effort = Effort::no_retry;
        if (const auto block = context().pages.alloc_pages(cpu, request)) return PfnRange{*block, order.pages()};
    }
    return std::nullopt;
}

// split_page(), then its pages onto the list.
void BlockPool::split_page(Cpu& cpu, PfnRange block, Keep keep) {
    if (block.count == kPageblockOrder.pages()) blocks_[block.first] = 0;
    std::vector<Pfn> pages;
    const std::uint64_t kept = keep == Keep::one ? 1 : 0;
    for (std::uint64_t i = block.count.raw(); i > kept; --i) pages.push_back(block.first + PageCount{i - 1});
    push(cpu, pages);
}

// One pass of the shrinker: a block that is wholly free, at once; or the free pages of the block that has most, one by one,
// which splits its leaf and ends its being a block; or pages that belong to no block.
PageCount BlockPool::shrink(Cpu& cpu) {
    unsigned& nested = shrinking_[cpu.id().index()];
    if (nested > 0) return PageCount{0};  // PF_MEMALLOC: reclaim for reclaim's sake
    const Account account{cpu, kShrink};
    ++nested;
    Victims victims;
    {
        const LockGuard lock{cpu, kTablePoolLock};
        cpu.retire(Step::table_pool, pages_.size());
        victims = choose_victims();
    }
    const PageCount freed = free_victims(cpu, victims);
    --nested;
    counters(cpu).shrunk_pages += freed.raw();
    return freed;
}

BlockPool::Victims BlockPool::choose_victims() {
    if (pages_.size() <= kUnshrinkable) return {};
    const std::uint64_t shrinkable = pages_.size() - kUnshrinkable;
    const std::uint64_t to_scan = std::min(kShrinkBatch, shrinkable);
    std::uint64_t in_blocks = 0;
    auto best = blocks_.end();
    for (auto block = blocks_.begin(); block != blocks_.end(); ++block) {
        in_blocks += block->second;
        if (best == blocks_.end() || block->second > best->second) best = block;
    }
    const std::uint64_t single = pages_.size() - in_blocks;
    const std::uint64_t whole = kPageblockOrder.pages().raw();
    Victims victims;
    std::function<bool(Pfn)> is_victim = [this](Pfn page) { return !blocks_.contains(pageblock_of(page)); };
    if (best != blocks_.end() && best->second == whole) {
        if (shrinkable < whole) return {};
        victims.whole_block = PfnRange{best->first, PageCount{whole}};
    }
    const bool splits = best != blocks_.end() && best->second > single && single < to_scan && best->second >= kFewestOfBlock;
    if (victims.whole_block || splits) is_victim = [block = best->first](Pfn page) { return pageblock_of(page) == block; };
    const std::uint64_t most = victims.whole_block ? whole : to_scan;
    for (auto page = pages_.begin(); page != pages_.end() && victims.pages.size() < most; ++page)
        if (is_victim(*page)) victims.pages.push_back(*page);
    std::erase_if(pages_, [&](Pfn page) { return std::ranges::find(victims.pages, page) != victims.pages.end(); });
    if (victims.whole_block || splits) forget_block(best->first);
    return victims;
}

PageCount BlockPool::free_victims(Cpu& cpu, const Victims& victims) {
    if (victims.whole_block) {
        SPLINTER_CHECK(unprotect(cpu, *victims.whole_block) == Changed::done, "a block in one leaf needs no page-table page");
        free_unprotected(cpu, *victims.whole_block, kPageblockOrder);
        return victims.whole_block->count;
    }
    PageCount freed;
    for (const Pfn page : victims.pages) {
        if (unprotect(cpu, {page, PageCount{1}}) == Changed::done) {
            free_unprotected(cpu, {page, PageCount{1}}, Order{0U});
            freed += PageCount{1};
        } else {
            push(cpu, std::span{&page, 1});
        }
    }
    return freed;
}

TablePolicyPtr make_block_pool(const TableContext& context) { return std::make_unique<BlockPool>(context); }

}  // namespace splinter::alloc
