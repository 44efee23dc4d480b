// What a CPU does to its own TLB for a flush, its own or another CPU's: do_flush_tlb_all(), do_kernel_range_flush(),
// flush_tlb_one_kernel() of arch/x86/mm/tlb.c, Linux 6.12; for user ranges tlb_state.h.
#pragma once

#include <vector>

#include "alloc/counters.h"
#include "alloc/cpu.h"
#include "alloc/smp/tlb_state.h"

namespace splinter::alloc {

class LocalFlush {
  public:
    LocalFlush(std::size_t cpus, layout::KernelData data) : counters_(cpus), tlb_state_{cpus, data} {}
    LocalFlush(const LocalFlush&) = delete;
    LocalFlush& operator=(const LocalFlush&) = delete;

    void execute(Cpu& cpu, const RemoteWork& work);
    [[nodiscard]] KernelCounters& counters(CpuId cpu) { return counters_[cpu.index()]; }
    [[nodiscard]] TlbState& tlb_state() { return tlb_state_; }
    // How often any CPU has executed a flush of everything and of a range of kernel addresses.
    struct Executions {
        std::uint64_t full = 0;
        std::uint64_t ranged = 0;
    };
    [[nodiscard]] const Executions& executed() const { return executed_; }

  private:
    std::vector<KernelCounters> counters_;  // by CPU
    TlbState tlb_state_;
    Executions executed_;
};

}  // namespace splinter::alloc
