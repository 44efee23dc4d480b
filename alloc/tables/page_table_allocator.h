// pagetable_alloc() and pagetable_free(): the door to page-table pages for everybody, whatever the policy. Counts what they
// cost, how deep splits nest, and how low the pages that a split could take have sunk.
#pragma once

#include "alloc/tables/policies.h"

namespace splinter::alloc {

// What is not a sum over CPUs.
struct TableGauges {
    std::uint64_t worst_depth = 0;         // page-table pages that were being allocated at once on one CPU, one for the other
    std::optional<PageCount> reserve_low;  // fewest pages that a split could have taken
};

class PageTableAllocator : public PageTablePages {
  public:
    PageTableAllocator(TablePolicyPtr policy, MapObserver& observer, std::size_t cpus)
        : policy_{std::move(policy)}, observer_{observer}, cpus_(cpus) {}

    std::optional<Pfn> allocate(Cpu& cpu, TableUse use) override;
    void release(Cpu& cpu, Pfn table) override;
    [[nodiscard]] bool protects_linked_splits() const override { return policy_->protects_linked_splits(); }
    Ready linked(Cpu& cpu, Pfn table) override;
    Ready prepare_split(Cpu& cpu) override;
    bool ready_for_split(Cpu& cpu) override;

    [[nodiscard]] std::optional<PageCount> policy_ready() const { return policy_->ready_pages(); }
    [[nodiscard]] TablePolicy& policy() { return *policy_; }
    [[nodiscard]] const TableGauges& gauges() const { return gauges_; }
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return cpus_[cpu.index()].counters; }

    // Deeper than this no simulated call nests: a kernel's stack of 16 KiB would be gone long before.
    static constexpr std::uint64_t kDeepest = 64;

  private:
    struct PerCpu {
        std::uint64_t depth = 0;
        KernelCounters counters;
    };
    class Depth;  // of what is being allocated or protected on a CPU
    void note_reserve();

    TablePolicyPtr policy_;
    MapObserver& observer_;
    std::vector<PerCpu> cpus_;
    TableGauges gauges_;
};

}  // namespace splinter::alloc
