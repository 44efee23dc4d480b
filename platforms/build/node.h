// A booted machine with its kernel: simulated memory, page tables, allocator, silicon. Everything that a workload runs on.
#pragma once

#include <memory>
#include <optional>

#include "alloc/kernel.h"
#include "alloc/map/boot_tables.h"
#include "hw/core/machine.h"
#include "platforms/adapter/core_cpu.h"
#include "platforms/build/direct_map_start.h"
#include "platforms/config/run_config.h"
#include "platforms/workload/kernel_snapshot.h"

namespace splinter::platforms {

class Node {
  public:
    // `snapshot`: the state to boot into; without one, the zones follow from platform.memory. `observer` outlives the node.
    Node(const RunConfig& config, const KernelSnapshot* snapshot, alloc::MapObserver& observer);
    // The same with `strategy` instead of the one that flush.strategy names: tests bring broken ones. Each core gets user
    // memory for the background loop or `user_footprint` bytes, whichever is more.
    Node(const RunConfig& config, const KernelSnapshot* snapshot, alloc::MapObserver& observer,
         const alloc::StrategyInfo& strategy, std::uint64_t user_footprint = 0);
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Throws UserError, naming the key, if no node can be built from the values together.
    static void check(const RunConfig& config);
    [[nodiscard]] const RunConfig& config() const { return config_; }
    [[nodiscard]] hw::Machine& machine() { return *machine_; }
    [[nodiscard]] alloc::Kernel& kernel() { return *kernel_; }
    [[nodiscard]] CoreCpu& cpu(CpuId id) { return *cpus_[id.index()]; }
    [[nodiscard]] std::size_t core_count() const { return cpus_.size(); }
    [[nodiscard]] Pfn root() const { return tables_->root(); }
    // The address spaces of a core's background loop, workload.background.processes of them, which no other core uses; it
    // starts in the first.
    [[nodiscard]] alloc::MmContext& space(CpuId core, std::size_t process = 0) {
        return *spaces_[core.index() * config_.workload.background.processes + process];
    }
    // Of all of them.
    [[nodiscard]] const std::vector<Pfn>& roots() const { return roots_; }
    [[nodiscard]] bool tables_have_a_key() const;
    [[nodiscard]] x86::PhysMem& memory() { return *memory_; }
    // Pages of ordinary kernel data (slabs), allocated at boot and shared by all cores' kernel accesses.
    [[nodiscard]] const std::vector<Pfn>& kernel_pages() const { return kernel_pages_; }
    static constexpr VirtAddr kUserBase{0x0000100000000000U};  // where each core's user footprint is mapped

  private:
    void size_memory(PageCount managed_end);
    void boot(const KernelSnapshot* snapshot, alloc::MapObserver& observer, const alloc::StrategyInfo& strategy);
    void build_silicon(const alloc::BootTables& kernel_tables);
    void start_core(CpuId core);
    void take_kernel_pages();
    void key_boot_tables();

    RunConfig config_;
    std::uint64_t user_footprint_;  // bytes per core
    DirectMapStart direct_map_start_;
    std::unique_ptr<x86::PhysMem> memory_;
    std::unique_ptr<alloc::FrameTable> frames_;
    PageCount managed_end_;                // frames below are the zones'
    std::optional<PfnRange> boot_range_;   // frames behind them: struct pages, kernel data, footprints
    std::optional<PfnRange> table_range_;  // and boot's page tables, whole 2 MiB
    std::unique_ptr<alloc::BootFrames> boot_frames_;
    std::unique_ptr<alloc::BootFrames> table_frames_;
    std::unique_ptr<alloc::BootTables> tables_;
    std::unique_ptr<alloc::Kernel> kernel_;
    std::unique_ptr<hw::Machine> machine_;
    CpuMask online_;
    std::vector<std::unique_ptr<CoreCpu>> cpus_;
    std::vector<Pfn> kernel_pages_;
    std::vector<Pfn> roots_;
    std::vector<std::unique_ptr<alloc::MmContext>> spaces_;  // by core, then process
};

}  // namespace splinter::platforms
