// Policy `pba-percpu`: what the author of `pba` wondered about ("do we need a per-CPU cache? Reserving a 2M block per CPU could
// be very much overkill", K. Brodsky, 18 Sep 2025): a few keyed pages per CPU in front of the common list, taken and given back
// in batches, with interrupts off and no lock. Nobody has written it: its size is `page_tables.percpu_pages` [I].
// Splits take from the common list first, where the reserve is. The shrinker does not see the CPUs' pages.
#include "alloc/tables/block_pool.h"
#include "alloc/tables/policies.h"

namespace splinter::alloc {
namespace {

class PercpuPool : public BlockPool {
  public:
    explicit PercpuPool(const TableContext& context) : BlockPool{context}, mine_(context.cpus) {}

    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override {
        if (use == TableUse::split) {
            if (const auto page = BlockPool::allocate(cpu, use)) return page;
            return pop_mine(cpu);
        }
        if (const auto page = pop_mine(cpu)) return page;
        const std::vector<Pfn> some = pop_many(cpu, batch());
        if (some.empty()) return refill(cpu);
        std::vector<Pfn>& mine = mine_[cpu.id().index()];
        mine.insert(mine.end(), some.begin() + 1, some.end());
        return some.front();
    }

    void release(Cpu& cpu, Pfn table) override {
        std::vector<Pfn>& mine = mine_[cpu.id().index()];
        cpu.retire(Step::table_pool);
        cpu.touch(layout::struct_page(table), Touch::owned);
        mine.push_back(table);
        if (mine.size() <= 2 * batch()) return;
        const std::vector<Pfn> some{mine.begin(), mine.begin() + static_cast<std::ptrdiff_t>(batch())};
        mine.erase(mine.begin(), mine.begin() + static_cast<std::ptrdiff_t>(batch()));
        push(cpu, some);
    }

    [[nodiscard]] PageCount idle_pages() const override {
        PageCount pages = BlockPool::idle_pages();
        for (const std::vector<Pfn>& mine : mine_) pages += PageCount{mine.size()};
        return pages;
    }

  private:
    [[nodiscard]] std::uint64_t batch() const { return context().params.percpu_pages; }
    std::optional<Pfn> pop_mine(Cpu& cpu) {
        std::vector<Pfn>& mine = mine_[cpu.id().index()];
        cpu.retire(Step::table_pool);
        if (mine.empty()) return std::nullopt;
        const Pfn page = mine.back();
        mine.pop_back();
        cpu.touch(layout::struct_page(page), Touch::owned);
        return page;
    }
    std::vector<std::vector<Pfn>> mine_;  // by CPU; the last is handed out first
};

}  // namespace

TablePolicyPtr make_percpu_pool(const TableContext& context) { return std::make_unique<PercpuPool>(context); }

}  // namespace splinter::alloc
