#include "alloc/tables/page_table_allocator.h"

#include <algorithm>

#include "hw/base/user_error.h"

namespace splinter::alloc {

class PageTableAllocator::Depth {
  public:
    Depth(PageTableAllocator& all, CpuId cpu) : depth_{all.cpus_[cpu.index()].depth} {
        if (++depth_ > kDeepest)
            throw SimulatedFinding("page-table pages nest " + std::to_string(kDeepest) +
                                   " deep: each page that a split takes splits a leaf to be protected (page_tables.policy)");
        all.gauges_.worst_depth = std::max(all.gauges_.worst_depth, depth_);
    }
    ~Depth() { --depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

  private:
    std::uint64_t& depth_;
};

std::optional<Pfn> PageTableAllocator::allocate(Cpu& cpu, TableUse use) {
    const Account account{cpu, kPageTables};
    PerCpu& mine = cpus_[cpu.id().index()];
    std::optional<Pfn> page;
    {
        const Depth depth{*this, cpu.id()};
        page = policy_->allocate(cpu, use);
    }
    note_reserve();
    if (!page) {
        ++(use == TableUse::split ? mine.counters.split_table_failures : mine.counters.table_page_failures);
        return std::nullopt;
    }
    if (use == TableUse::split) ++mine.counters.split_tables;
    if (use == TableUse::ordinary || !policy_->protects_linked_splits()) observer_.table_handed_out(cpu, {*page, PageCount{1}});
    return page;
}

PageTablePages::Ready PageTableAllocator::linked(Cpu& cpu, Pfn table) {
    const Account account{cpu, kPageTables};
    {
        const Depth depth{*this, cpu.id()};
        if (policy_->linked(cpu, table) == Ready::no_memory) {
            ++cpus_[cpu.id().index()].counters.split_table_failures;
            return Ready::no_memory;
        }
    }
    observer_.table_handed_out(cpu, {table, PageCount{1}});
    return Ready::yes;
}

void PageTableAllocator::release(Cpu& cpu, Pfn table) {
    const Account account{cpu, kPageTables};
    observer_.table_released(cpu, {table, PageCount{1}});
    policy_->release(cpu, table);
}

PageTablePages::Ready PageTableAllocator::prepare_split(Cpu& cpu) {
    const Account account{cpu, kPageTables};
    const Ready ready = policy_->prepare_split(cpu);
    note_reserve();
    if (ready == Ready::no_memory) ++cpus_[cpu.id().index()].counters.split_table_failures;
    return ready;
}

bool PageTableAllocator::ready_for_split(Cpu& cpu) {
    const bool ready = policy_->ready_for_split(cpu);
    note_reserve();
    return ready;
}

void PageTableAllocator::note_reserve() {
    const auto ready = policy_->ready_pages();
    if (ready && (!gauges_.reserve_low || *ready < *gauges_.reserve_low)) gauges_.reserve_low = ready;
}

}  // namespace splinter::alloc
