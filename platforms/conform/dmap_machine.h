// A machine of counts: the kernel's direct map, its flushes and cross-calls (alloc/map, alloc/smp), the code of the timed runs,
// on CPUs without time. One CPU runs, the others answer its cross-calls when it starts to wait. What recorded kernels counted
// with probes is counted here at the port.
// Page-table pages of splits come from frames behind the recorded ones, never short.
#pragma once

#include <memory>
#include <span>

#include "alloc/map/set_memory.h"
#include "platforms/replay/untimed_cpu.h"

namespace splinter::platforms {

// Counters since the start, by the names of the recorded tables' columns.
struct DmapCounts {
    std::uint64_t level3_splits = 0;
    std::uint64_t level2_splits = 0;
    std::uint64_t flush_tlb_all_calls = 0;
    std::uint64_t flush_tlb_kernel_range_calls = 0;
    std::uint64_t cpa_flush_calls = 0;
    std::uint64_t full_flush_cpu_executions = 0;
    std::uint64_t ranged_flush_cpu_executions = 0;
    std::uint64_t kernel_invlpg_total = 0;
    std::uint64_t multi_ipi_sends = 0;   // to more CPUs than one
    std::uint64_t single_ipi_sends = 0;  // to one
    std::uint64_t call_function_irqs = 0;
    std::uint64_t call_function_single_irqs = 0;

    // What has been counted since `before`.
    [[nodiscard]] DmapCounts since(const DmapCounts& before) const;
};

// Leaves and table pages, as the `dmap` command counts them: what is not present apart.
struct DmapCensus {
    std::uint64_t small = 0;  // 4 KiB
    std::uint64_t small_not_present = 0;
    std::uint64_t large = 0;  // 2 MiB
    std::uint64_t giant = 0;  // 1 GiB
    std::uint64_t tables1 = 0;
    std::uint64_t tables2 = 0;
    std::uint64_t tables3 = 0;
};

class DmapMachine {
  public:
    DmapMachine(std::size_t cpus, std::span<const alloc::DirectMapRun> start);
    ~DmapMachine();
    DmapMachine(const DmapMachine&) = delete;
    DmapMachine& operator=(const DmapMachine&) = delete;

    [[nodiscard]] alloc::Cpu& cpu(CpuId id = CpuId{0U});
    [[nodiscard]] alloc::DirectMap& direct_map();
    [[nodiscard]] alloc::TlbFlush& flush();
    [[nodiscard]] alloc::SetMemory& set_memory();
    [[nodiscard]] alloc::BareVmapAreas& aliases();
    [[nodiscard]] DmapCounts counts() const;
    [[nodiscard]] DmapCensus census() const;
    // The leaves as they are, in runs that are as long as can be. Flags without PS, A and D.
    [[nodiscard]] std::vector<alloc::DirectMapRun> leaves() const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace splinter::platforms
